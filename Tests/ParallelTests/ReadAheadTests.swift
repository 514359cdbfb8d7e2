import Testing

@testable import Parallel

@Suite struct ReadAheadTests {
    @Test(
        "no hint, an empty one and one of odd length can be asked for past their end", arguments: [0, 1, 63, 65, 1000])
    func ends(_ count: Int) {
        let ahead = ReadAhead()
        let memory = [UInt8](repeating: 7, count: count)
        for worker in 0..<3 {
            var share = ahead.share(of: worker, threads: 3)
            share.fetchLine()
            memory.withUnsafeBytes { ahead.set($0, UnsafeRawBufferPointer(start: nil, count: 0)) }
            share = ahead.share(of: worker, threads: 3)
            for _ in 0..<100 { share.fetchLine() }
            #expect(share.isEmpty)
        }
    }
}
