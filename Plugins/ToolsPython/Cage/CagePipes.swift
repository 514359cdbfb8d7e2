import CChildProcess
import Foundation
import ProviderKit

/// The pipes between a run and its cage: code goes in, everything else comes out.
final class CagePipes {
    /// One pipe: our end, theirs until the cage has started, and what was read.
    struct Line {
        var ours: Int32
        var theirs: Int32
        var bytes: [UInt8] = []
    }

    private(set) var code = Line(ours: -1, theirs: -1)
    private(set) var info = Line(ours: -1, theirs: -1)
    private(set) var output = Line(ours: -1, theirs: -1)
    private(set) var errors = Line(ours: -1, theirs: -1)
    private(set) var report = Line(ours: -1, theirs: -1)
    private(set) var isOverOutput = false
    /// The pid of the cage's first process, once bubblewrap has said it.
    private(set) var firstProcess: pid_t?
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    init() throws {
        for line in [\CagePipes.code, \.info, \.output, \.errors, \.report] {
            var ends: [Int32] = [-1, -1]
            guard ccp_pipe(&ends) == 0 else {
                throw ProviderError(
                    .providerUnavailable, "no descriptors for a cage: \(String(cString: strerror(errno)))")
            }
            let isIn = line == \CagePipes.code
            self[keyPath: line] = Line(ours: ends[isIn ? 1 : 0], theirs: ends[isIn ? 0 : 1])
        }
        // The cage's end of `code` waits, ours does not.
        _ = fcntl(code.theirs, F_SETFL, 0)
        _ = fcntl(code.ours, F_SETFL, O_NONBLOCK)
    }

    deinit {
        for line in [code, info, output, errors, report] {
            if line.ours >= 0 { Foundation.close(line.ours) }
            if line.theirs >= 0 { Foundation.close(line.theirs) }
        }
    }

    func closeTheirs() {
        for line in [\CagePipes.code, \.info, \.output, \.errors, \.report] {
            Foundation.close(self[keyPath: line].theirs)
            self[keyPath: line].theirs = -1
        }
    }

    /// Until there is something to do, at most until `moment`.
    func wait(_ alarm: Alarm, isFeeding: Bool, until moment: ContinuousClock.Instant) {
        var descriptors = [info.ours, output.ours, errors.ours, report.ours, alarm.descriptor].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        if isFeeding { descriptors.append(pollfd(fd: code.ours, events: Int16(POLLOUT), revents: 0)) }
        let left = (moment - ContinuousClock.now) / .milliseconds(1)
        guard poll(&descriptors, nfds_t(descriptors.count), Int32(max(0, left.rounded(.up)))) > 0 else { return }
        if descriptors[4].revents != 0 { alarm.silence() }
    }

    /// Writes what the pipe takes; closes it after the last byte, or when the cage reads no more.
    func feed(_ code: inout ArraySlice<UInt8>) {
        guard self.code.ours >= 0 else { return }
        while !code.isEmpty {
            let count = code.withUnsafeBytes { write(self.code.ours, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN { return }
            if count < 0 { code = [] } else { code = code.dropFirst(count) }
        }
        close(\.code)
    }

    /// Reads what is there now: of the output at most `outputMost` bytes in all.
    func read(outputMost: Int, reportMost: Int) {
        // To its end: bubblewrap writes it in pieces.
        take(\.info, most: 4_096)
        if firstProcess == nil { firstProcess = Self.firstProcess(in: info.bytes) }
        take(\.report, most: reportMost)
        let before = errors.bytes.count
        if !take(\.output, most: outputMost - before) { isOverOutput = true }
        if !take(\.errors, most: outputMost - output.bytes.count) { isOverOutput = true }
    }

    /// After the cage's end: all that is left.
    func readRest(outputMost: Int, reportMost: Int) {
        while [info, output, errors, report].contains(where: { $0.ours >= 0 }), !isOverOutput {
            let before = [output.bytes.count, errors.bytes.count, report.bytes.count]
            read(outputMost: outputMost, reportMost: reportMost)
            if [output.bytes.count, errors.bytes.count, report.bytes.count] == before { return }
        }
    }

    /// False when there is more than `most`; what is above it is dropped.
    @discardableResult private func take(_ line: ReferenceWritableKeyPath<CagePipes, Line>, most: Int) -> Bool {
        guard self[keyPath: line].ours >= 0 else { return true }
        let count = Foundation.read(self[keyPath: line].ours, &buffer, buffer.count)
        if count < 0 && (errno == EAGAIN || errno == EINTR) { return true }
        guard count > 0 else {
            close(line)
            return true
        }
        let room = max(0, most - self[keyPath: line].bytes.count)
        self[keyPath: line].bytes += buffer[..<min(count, room)]
        return count <= room
    }

    private func close(_ line: ReferenceWritableKeyPath<CagePipes, Line>) {
        guard self[keyPath: line].ours >= 0 else { return }
        Foundation.close(self[keyPath: line].ours)
        self[keyPath: line].ours = -1
    }

    /// `{"child-pid": 123, …`.
    private static func firstProcess(in info: [UInt8]) -> pid_t? {
        let text = String(decoding: info, as: UTF8.self)
        guard let key = text.range(of: "\"child-pid\":") else { return nil }
        let rest = text[key.upperBound...].drop { $0 == " " }
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        return digits.endIndex == text.endIndex ? nil : pid_t(digits)
    }
}
