import LlamaStackAPI
import Testing

@testable import Host

/// Many calls at once, ended in every way.
struct CallStressTests {
    @Test("a thousand streams, a third of them cancelled at some point, all end and nothing is left open")
    func thousand() async throws {
        let log = LogRecord()
        let library = try PluginLibrary.load(try ProbeLibrary.build())
        let channel = try await InlineChannel.alone(
            library.providers[0], providerID: "probe", config: ["events": 200], log: log.sink, withinSeconds: 5)
        let outcomes = await withTaskGroup(of: Int?.self) { group in
            for id in 1...1000 {
                group.addTask {
                    var request = CallRequest(callID: UInt64(id), method: "chat_completion")
                    request.body = Array(#"{"model":"x","stream":true}"#.utf8)
                    let queue = PartStream()
                    channel.invoke(request, into: queue)
                    let answer = Answer(queue) { channel.cancel(UInt64(id)) }
                    var events = 0
                    do {
                        for try await _ in answer {
                            events += 1
                            if id % 3 == 0, events == id % 200 { answer.cancel() }
                        }
                        return events
                    } catch {
                        return nil
                    }
                }
            }
            return await group.reduce(into: [Int?]()) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == 200 } >= 667)
        #expect(await channel.close(withinSeconds: 60))
        // On a busy machine a call may take its second and more to be scheduled.
        #expect(log.lines.map(\.message).filter { !$0.hasSuffix("has not returned for 1 s") } == [])
    }
}
