import Host
import Hummingbird
import LlamaStackAPI

/// Turns every error of what lies inside into its answer.
struct ErrorAnswers: RouterMiddleware {
    typealias Context = FrontContext

    func handle(
        _ request: Request, context: FrontContext, next: (Request, FrontContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let error = Self.stackError(error)
            if error.code.httpStatus == 500 { context.logger.error("\(error.message)") }
            return Response(error, requestID: context.requestID)
        }
    }

    /// Everything that can come out of a handler, as one kind of error.
    private static func stackError(_ error: any Error) -> StackError {
        switch error {
        case let error as StackError: error
        case let error as HTTPError where error.status == .notFound:
            StackError(.routeNotFound, "there is no such route; `llama-stack list routes` shows them")
        case let error as HTTPError where error.status == .contentTooLarge:
            StackError(.bodyTooLarge, "the body is too large")
        case is CancellationError: StackError(.cancelled, "the client left")
        default: StackError(.internal, "\(error)")
        }
    }
}
