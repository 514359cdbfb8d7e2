import Foundation
import Testing

@testable import ChatTemplates

/// Data that jinja2 made, read with the order of its keys kept.
enum ReferenceData {
    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/templates")

    static func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: folder.appending(path: name)), as: UTF8.self)
    }

    static func map(_ name: String) throws -> TemplateMap {
        let text = try text(name)
        return try #require(LiteralReader.value(text)?.map, "\(name) is not a JSON object")
    }
}

extension TemplateValue {
    var map: TemplateMap? { if case .map(let map) = self { map } else { nil } }
    var list: [TemplateValue]? { if case .list(let list) = self { list } else { nil } }
    var string: String? { if case .string(let text) = self { text } else { nil } }
}

let someDay = TemplateDate(year: 2024, month: 7, day: 26, hour: 9, minute: 5, second: 3)
