import Dialects
import Host
import Hummingbird
import LlamaStackAPI

/// Turns every error of what lies inside into its answer, in the form that its path has.
struct ErrorAnswers: RouterMiddleware {
    typealias Context = FrontContext
    let forms: ErrorForms

    func handle(
        _ request: Request, context: FrontContext, next: (Request, FrontContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let error = Self.stackError(error)
            if error.code.httpStatus == 500 {
                context.logger.error("\(error.message)", metadata: RequestID.metadata(context.requestID))
            }
            return forms.response(error, path: request.uri.path, requestID: context.requestID)
        }
    }

    /// Everything that can come out of a handler, as one kind of error.
    private static func stackError(_ error: any Error) -> CallError {
        switch error {
        case let error as CallError: error
        // It has been told already.
        case let error as DialectError:
            CallError(error.code, error.message, field: error.field, retryAfterSeconds: error.retryAfterSeconds)
        case let error as HTTPError where error.status == .notFound:
            CallError(.routeNotFound, "there is no such route; `llama-stack list routes` shows them")
        case let error as HTTPError where error.status == .contentTooLarge:
            CallError(.bodyTooLarge, "the body is too large")
        case is CancellationError: CallError(.cancelled, "the client left")
        default: CallError(.internal, "\(error)")
        }
    }
}
