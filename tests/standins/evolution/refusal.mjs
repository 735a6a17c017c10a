const NAMES = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 500: 'Internal Server Error' };

// An answer that is an error, in the published image's words.
export class Refusal extends Error {
  constructor(status, message) {
    super(JSON.stringify(message));
    this.status = status;
    this.body = { status, error: NAMES[status], response: { message } };
  }
}
