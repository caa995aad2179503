/** What a GraphQL server answers to a query, as it answers it. The consumer's parameters are the query's variables. */
import { postOf, requestTo, type FileOf, type SourceRequest, type UserData } from '../source.ts';

export function graphqlRequest({ url, query, headers }: FileOf<'graphql'>, userdata: UserData): SourceRequest {
  const hasVariables = Object.keys(userdata).length > 0;
  return postOf(requestTo(url, headers), hasVariables ? { query, variables: userdata } : { query });
}
