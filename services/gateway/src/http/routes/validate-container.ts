/** `POST /api/services/validateContainer`: whether a container can be used for an algorithm. */
import { ContainerRequestSchema } from '@capstan/shared/contract/answers';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compileInput } from '@capstan/shared/schema/input';
import { requireContainer } from '../../assets/container.ts';
import { readJsonBody } from '../body.ts';
import { checked, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validate = compileInput(ContainerRequestSchema);

export function validateContainerRoute(bodyLimitBytes: () => number): Route {
  return route(ENDPOINTS.validateContainer, async (ctx) => {
    const { value } = await readJsonBody(ctx.req, bodyLimitBytes());
    ctx.body = requireContainer(checked(validate, parameters({}, value)), 'container');
  });
}
