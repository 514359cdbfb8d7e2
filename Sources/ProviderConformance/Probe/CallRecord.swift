import CProcessProbe
import CProviderABI
import Dispatch
import Foundation
import LlamaStackAPI

/// Everything that the provider did with one sink: what stands behind an `lsp_sink` of the kit.
final class CallRecord: @unchecked Sendable {
    enum Purpose: Sendable {
        case create, destroy
        case call(streams: Bool)
    }

    /// Written bytes beyond this are counted and not kept.
    static let keptBytesMax = 64 << 20
    /// A single write beyond this is more than the host takes.
    static let writeBytesMax = 64 << 20
    /// A provider may have a write or two under way when the call is closed; this many are more than that.
    static let writesAfterClosedMax = 16

    let number = SinkTable.newNumber()
    /// "chat_completion", "create".
    let name: String
    let purpose: Purpose
    let report: Reporter

    private let condition = NSCondition()
    // All under the lock of `condition`.
    private(set) var kind: Int32?
    private var keptWrites: [[UInt8]] = []
    private var keptBytes = 0
    private var writeCount = 0
    private var writesUnderWay = 0
    private var isHolding: Bool
    private var isPaused = false
    private var isClosed = false
    private var pausedWrites = 0
    private var closedWrites = 0
    private var waiter: (@Sendable () -> Void)?
    private var finishCount = 0
    private var endStatus: Int32 = 0
    private var endError: [UInt8] = []
    private var lent: [LentBytes] = []

    /// - Parameter holding: every write is told to pause, until ``release()``.
    init(_ name: String, _ purpose: Purpose, holding: Bool = false, report: Reporter) {
        (self.name, self.purpose, self.isHolding, self.report) = (name, purpose, holding, report)
        SinkTable.insert(self)
    }

    // MARK: what the kit asks

    var hasEnded: Bool { locked { finishCount > 0 } }
    var status: Int32 { locked { endStatus } }
    var error: [UInt8] { locked { endError } }
    var writes: [[UInt8]] { locked { keptWrites } }
    var count: Int { locked { writeCount } }
    var writesWhilePaused: Int { locked { pausedWrites } }
    var isBody: Bool { locked { kind == Int32(LSP_BODY) } }
    var isEvents: Bool { locked { kind == Int32(LSP_EVENT) } }
    /// The pieces of a whole answer, put together.
    var body: [UInt8] { locked { Array(keptWrites.joined()) } }

    /// The error object's code, or the status where it has none.
    var errorText: String { ErrorText.of(status, error) }
    var errorCode: String? { (try? JSON(parsing: error))?["code"]?.stringValue }

    func waitForEnd(_ seconds: Double) -> Bool { wait(seconds) { finishCount > 0 } }
    func waitForFirstWrite(_ seconds: Double) -> Bool { wait(seconds) { writeCount > 0 || finishCount > 0 } }
    func waitForWriteWhilePaused(_ seconds: Double) -> Bool { wait(seconds) { pausedWrites > 0 || finishCount > 0 } }

    /// The reader has caught up.
    func release() {
        let waiter = locked {
            isHolding = false
            isPaused = false
            condition.broadcast()
            return self.waiter.take()
        }
        waiter?()
    }

    /// The client has left: writes are refused from here on, and one that waits is woken.
    func close() {
        let waiter = locked {
            isClosed = true
            condition.broadcast()
            return self.waiter.take()
        }
        waiter?()
    }

    /// Memory that the provider may read until it finishes.
    func lends(_ bytes: LentBytes) { locked { lent.append(bytes) } }

    // MARK: what the provider does

    func write(_ kind: Int32, _ bytes: lsp_bytes) -> Int32 {
        let answer = locked { () -> Int32? in
            if finishCount > 0 { return broken(.finish, "wrote to \(name) after finish") }
            if writesUnderWay > 0 { return broken(.writes, "two threads wrote to the sink of \(name) at once") }
            writesUnderWay += 1
            return nil
        }
        if let answer { return answer }
        defer { locked { writesUnderWay -= 1 } }
        if let refusal = refuse(kind, bytes) { return refusal }
        pp_doing("copying the bytes of a write")
        let copy = bytes.data.map { [UInt8](UnsafeBufferPointer(start: $0, count: bytes.size)) } ?? []
        pp_doing(nil)
        return write(kind, copy)
    }

    /// The same of bytes that are the kit's own.
    func write(_ kind: Int32, _ bytes: [UInt8]) -> Int32 {
        if kind == Int32(LSP_EVENT) { AnswerFormatCheck.judge(event: bytes, of: name, report) }
        return locked { take(kind, bytes) }
    }

    private func refuse(_ kind: Int32, _ bytes: lsp_bytes) -> Int32? {
        guard case .call = purpose else {
            return broken(.writes, "wrote to the sink of \(name), which is only finished")
        }
        guard kind == Int32(LSP_BODY) || kind == Int32(LSP_EVENT) else {
            return broken(.writes, "wrote the kind \(kind) to \(name); there are LSP_BODY and LSP_EVENT")
        }
        guard bytes.size <= Self.writeBytesMax else {
            return broken(
                .writes, "wrote \(bytes.size) bytes to \(name) at once; at most \(Self.writeBytesMax) are taken")
        }
        guard bytes.data != nil || bytes.size == 0 else {
            return broken(.writes, "wrote \(bytes.size) bytes from NULL to \(name)")
        }
        return nil
    }

    /// Under the lock.
    private func take(_ kind: Int32, _ bytes: [UInt8]) -> Int32 {
        if isClosed {
            closedWrites += 1
            if closedWrites == Self.writesAfterClosedMax {
                broken(
                    .writes, "went on writing to \(name) after LSP_CLOSED; it must stop, and finish with LSP_CANCELLED")
            }
            return Int32(LSP_CLOSED)
        }
        if self.kind == nil { self.kind = kind }
        if self.kind != kind { return broken(.writes, "mixed LSP_BODY and LSP_EVENT in one answer of \(name)") }
        if isPaused { pausedWrites += 1 }
        writeCount += 1
        if keptBytes + bytes.count <= Self.keptBytesMax {
            keptBytes += bytes.count
            keptWrites.append(bytes)
        }
        condition.broadcast()
        guard isHolding else { return Int32(LSP_MORE) }
        isPaused = true
        return Int32(LSP_PAUSE)
    }

    func finish(_ status: Int32, _ error: lsp_bytes) {
        let size = min(error.size, ErrorFormatCheck.bytesMax + 1)
        pp_doing("copying an error object")
        let copy = error.data.map { [UInt8](UnsafeBufferPointer(start: $0, count: size)) } ?? []
        pp_doing(nil)
        if error.data == nil, error.size > 0 {
            broken(.errors, "finished \(name) with \(error.size) bytes of error from NULL")
        }
        finish(status, copy)
    }

    /// The same of bytes that are the kit's own.
    func finish(_ status: Int32, _ error: [UInt8]) {
        let waiter = locked { () -> (@Sendable () -> Void)? in
            finishCount += 1
            guard finishCount == 1 else {
                broken(.finish, "finished \(name) twice")
                return nil
            }
            if writesUnderWay > 0 { broken(.writes, "finished \(name) while a write to it was under way") }
            (endStatus, endError) = (status, error)
            ErrorFormatCheck.judge(status, error, of: self)
            lent.forEach {
                $0.takeBack("it read a request's bytes after it had finished the call: they are lent until finish")
            }
            condition.broadcast()
            return self.waiter.take()
        }
        waiter?()
    }

    func whenWritable(_ wake: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?, _ user: UnsafeMutableRawPointer?) {
        guard let wake else {
            broken(.writes, "called when_writable of \(name) without a function to wake")
            return
        }
        // The contract lets any thread call it.
        let argument = UInt(bitPattern: user)
        whenWritable { wake(UnsafeMutableRawPointer(bitPattern: argument)) }
    }

    func whenWritable(_ wake: @escaping @Sendable () -> Void) {
        let isAtOnce = locked { () -> Bool in
            if finishCount > 0 {
                broken(.finish, "called when_writable of \(name) after finish")
                return true
            }
            if waiter != nil { broken(.writes, "waits for \(name) twice at once; one waiter at a time is the rule") }
            isPaused = isPaused && isHolding
            if isClosed || !isHolding { return true }
            waiter = wake
            return false
        }
        if isAtOnce { wake() }
    }

    func waitWritable() -> Int32 {
        locked {
            if finishCount > 0 { return broken(.finish, "called wait_writable of \(name) after finish") }
            while isHolding, !isClosed, finishCount == 0 { condition.wait() }
            return isClosed || finishCount > 0 ? Int32(LSP_CLOSED) : Int32(LSP_MORE)
        }
    }

    // MARK: helpers

    @discardableResult
    private func broken(_ rule: Rule, _ what: String) -> Int32 {
        report.broken(rule, "it \(what)")
        return Int32(LSP_CLOSED)
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        condition.lock()
        defer { condition.unlock() }
        return body()
    }

    private func wait(_ seconds: Double, _ isSo: () -> Bool) -> Bool {
        let end = Date(timeIntervalSinceNow: seconds)
        condition.lock()
        defer { condition.unlock() }
        while !isSo() {
            guard condition.wait(until: end) else { return isSo() }
        }
        return true
    }
}
