import FakeOrigin
import Foundation
import Host
import ProviderKit
import Testing

/// Changes that are sent again under their key.
@Suite(.timeLimit(.minutes(10)))
struct IdempotencyTests {
    private static let content = "data:,{\"text\":\"a\"}"

    @Test("creating and deleting that are sent again act once, and answer as they did the first time")
    func again() async throws {
        try await withDatasets { server, _ in
            for _ in 0..<3 { try await server.create("d", Self.content, ["text": .text], key: "create") }
            for _ in 0..<3 { try await server.delete("d", key: "delete") }
            // The first is still answered, and makes nothing again.
            try await server.create("d", Self.content, ["text": .text], key: "create")
            let gone = await refusal { _ = try await server.get("d") }
            #expect(gone?.code == .notFound)
        }
    }

    @Test("without its key a second one is 409, with another request's key 422, and what failed is tried again")
    func others() async throws {
        try await withDatasets { server, _ in
            let failed = await refusal { try await server.create("d", Self.content, ["text": .number], key: "k") }
            #expect(failed?.code == .invalidRequest)
            try await server.create("d", Self.content, ["text": .text], key: "k")
            let twice = await refusal { try await server.create("d", Self.content, ["text": .text]) }
            #expect(twice?.code == .alreadyExists)
            let other = await refusal { try await server.create("d", Self.content, ["text": .text], key: "k2") }
            #expect(other?.code == .alreadyExists)
            let mismatch = await refusal { try await server.create("e", Self.content, ["text": .text], key: "k") }
            #expect(mismatch?.code == .idempotencyMismatch)
        }
    }

    @Test("of 16 equal ones at the same time one acts, and of what they fetched one copy stays")
    func race() async throws {
        try await Origin.run(Origin.answering(Origin.ok("{\"text\": \"a\"}"))) { origin in
            try await withDatasets(network: "{allow: [\"http://localhost:\(origin.port)\"]}") { server, data in
                let url = "http://localhost:\(origin.port)/a"
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<16 {
                        group.addTask { try await server.create("d", url, ["text": .text], key: "k") }
                    }
                    try await group.waitForAll()
                }
                try await server.create("d", url, ["text": .text], key: "k")
                #expect(try keptCopies(data).count == 1)
            }
        }
    }
}
