import Dialects
import Foundation
import HTTPTypes
import Host
import Hummingbird

/// The routes of the dialects.
struct DialectRoutes {
    let dialects: [Dialect]
    let stack: Stack
    let settings: ServerSettings
    let drain: Drain
    let budget: BodyBudget

    var all: [(HTTPRequest.Method, PathTemplate, any HTTPResponder<FrontContext>)] {
        let startSeconds = Int(Date.now.timeIntervalSince1970)
        var all: [(HTTPRequest.Method, PathTemplate, any HTTPResponder<FrontContext>)] = []
        for dialect in dialects {
            for endpoint in dialect.endpoints {
                let handler = DialectHandler(
                    dialect: dialect, endpoint: endpoint, stack: stack, pathPrefix: settings.pathPrefix,
                    bodyBytesMax: settings.limits.bodyBytesMax ?? endpoint.bodyBytesMax, budget: budget, drain: drain,
                    startSeconds: startSeconds, timeHeader: dialect.timeHeader.flatMap { HTTPField.Name($0) })
                for path in endpoint.paths {
                    all.append((.init(endpoint.verb), path, handler))
                    if endpoint.verb == .get, endpoint.event == nil { all.append((.head, path, handler)) }
                }
            }
        }
        return all
    }
}
