import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// A thousand streams, of which every second one is cut: half of those by an orderly close, half by a reset.
    @Suite struct CutStreamTests {
        private static let streams = 1000
        private static let clients = 20
        private static let tokens = 8
        /// What a thousand streams may leave behind. One sequence's keys and values take more than a hundredth of it;
        /// so do the buffers of ten connections.
        private static let growthMax = 16 << 20

        /// The same completion on the draft's route and on OpenAI's.
        enum Route: CaseIterable, Sendable {
            case draft, openAI

            func request(_ maxTokens: Int, port: Int) -> [UInt8] {
                let (path, body): (String, JSON) =
                    switch self {
                    case .draft:
                        (Requests.completionPath, Requests.completion("Hello", maxTokens: maxTokens, stream: true))
                    case .openAI:
                        (
                            "/v1/completions",
                            [
                                "model": "llama3_8b", "prompt": "Hello", "max_tokens": .integer(Int64(maxTokens)),
                                "temperature": 0, "stream": true,
                            ]
                        )
                    }
                return RawClient.head(path, body.bytes.count, port: port) + body.bytes
            }

            func text(_ event: JSON) -> String? {
                switch self {
                case .draft: event["text_delta"]?.stringValue
                case .openAI: event["choices"]?.items.first?["text"]?.stringValue
                }
            }
        }

        @Test(
            "a thousand streams, half of them cut, leave no sequence and no memory behind; the others are whole",
            arguments: Route.allCases)
        func cut(route: Route) throws {
            try Server.run(.cpu(config: "{waiting_max: 64}")) { server in
                let reference = try wave(server, 0..<Self.clients, route, cutting: false)
                #expect(Set(reference).count == 1 && reference[0] != "")
                // Once as it will be: what a first time takes, it keeps.
                _ = try wave(server, 0..<100, route, cutting: true)
                try settle(server)
                let before = server.process.residentBytes

                let texts = try wave(server, 0..<Self.streams, route, cutting: true)
                try settle(server)
                let grown = server.process.residentBytes - before
                print("1,000 streams of \(route), half of them cut: \(grown / 1024) KiB more are resident")
                #expect(texts.filter { $0 != "" }.count == Self.streams / 2)
                #expect(texts.allSatisfy { $0 == "" || $0 == reference[0] })
                #expect(grown < Self.growthMax)
            }
        }

        /// Every stream's text; empty where it was cut.
        private func wave(
            _ server: Server, _ numbers: Range<Int>, _ route: Route, cutting: Bool
        ) throws -> [String] {
            try concurrently(Self.clients) { client in
                try numbers.filter { $0 % Self.clients == client }.map { number in
                    try text(of: number, server, route, isCut: cutting && (number / Self.clients) % 2 == 1)
                }
            }.flatMap { $0 }
        }

        private func text(of number: Int, _ server: Server, _ route: Route, isCut: Bool) throws -> String {
            let connection = try RawConnection(port: server.port)
            connection.send(route.request(isCut ? 200 : Self.tokens, port: server.port))
            if isCut && number % 5 == 0 {
                // Before it begins.
                if number % 2 == 0 { connection.resetOnClose() }
                return ""
            }
            let stream = EventReader(try ReplyReader(connection, seconds: 60))
            var text = ""
            var events = 0
            while let event = try stream.next() {
                guard event.data != "[DONE]" else { continue }
                text += route.text(try JSON(parsing: Array(event.data.utf8))) ?? ""
                events += 1
                if isCut && events > number % 7 {
                    if number % 2 == 0 { connection.resetOnClose() }
                    return ""
                }
            }
            return text + "."
        }

        /// Waits until the model is idle: two requests of one's own add nothing to its count but their
        /// tokens.
        private func settle(_ server: Server) throws {
            let end = ContinuousClock.now + .seconds(60)
            while true {
                let first = try computed(server), second = try computed(server)
                if second.total - first.total == second.own { return }
                try #require(ContinuousClock.now < end, "sequences whose clients are gone are still computed")
            }
        }

        /// The model's count of tokens after a request of one's own, and what that took.
        private func computed(_ server: Server) throws -> (total: Int, own: Int) {
            let before = server.log("answer", "tokens_computed").count
            let reply = try server.post(Requests.completionPath, Requests.completion("Hello", maxTokens: 2))
            #expect(reply.status == 200)
            let lines = try server.waitForLog("tokens_computed", count: before + 1)
            let ended = try ConcurrencyTests.Ended(try #require(lines.last))
            return (ended.computed, ended.prompt + ended.generated - 1)
        }
    }
}
