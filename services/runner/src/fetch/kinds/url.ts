/** A file at a URL. The consumer's parameters are the query of a GET, the body of a POST. */
import { failed, postOf, requestTo, withQuery, type FileOf, type SourceRequest, type UserData } from '../source.ts';

export function urlRequest({ url, method = 'GET', headers }: FileOf<'url'>, userdata: UserData): SourceRequest {
  const request = requestTo(url, headers);
  switch (method.toUpperCase()) {
    case 'GET':
      return { ...request, url: withQuery(request.url, userdata) };
    case 'POST':
      return postOf(request, userdata);
    default:
      throw failed(`its method ${method.toUpperCase()} is neither GET nor POST`);
  }
}
