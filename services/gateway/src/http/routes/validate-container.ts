/** `POST /api/services/validateContainer`: whether a container can be used for an algorithm. */
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { requireContainer } from '../../assets/container.ts';
import { route } from '../route.ts';

export const validateContainer = () =>
  route(ENDPOINTS.validateContainer, ({ input }) => requireContainer(input, 'container'));
