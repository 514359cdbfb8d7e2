import CChildProcess
import Foundation

/// One start of a child, on the thread that never ends: makes what it needs, and leaves nothing of it when it fails.
struct Spawn {
    let options: ChildProcess.Options

    init(_ options: ChildProcess.Options) { self.options = options }

    func child() throws(ChildProcess.Failure) -> ChildProcess {
        try check()
        let group: ControlGroup?
        do { group = try options.limits.makeGroup(label: options.label) } catch {
            throw failure("control group", error)
        }
        let output: (read: Int32, write: Int32)
        let errors: (read: Int32, write: Int32)
        do throws(ChildProcess.Failure) {
            output = try pipe()
        } catch {
            _ = group?.remove()
            throw error
        }
        do throws(ChildProcess.Failure) {
            errors = try pipe()
        } catch {
            closeAll([output.read, output.write])
            _ = group?.remove()
            throw error
        }
        defer { closeAll([output.write, errors.write]) }
        do throws(ChildProcess.Failure) {
            let started = try start(group, output.write, errors.write)
            return ChildProcess(
                pid: started.pid, pidfd: started.pidfd, limits: options.limits, group: group,
                output: OutputLines(output: output.read, errors: errors.read, options.onLine))
        } catch {
            closeAll([output.read, errors.read])
            _ = group?.remove()
            throw error
        }
    }

    /// Refuses text with a NUL, which a C string would cut short.
    private func check() throws(ChildProcess.Failure) {
        let texts =
            [options.executable, options.folder ?? "/"] + options.arguments
            + options.environment.flatMap { [$0.key, $0.value] }
        guard options.executable.hasPrefix("/") else {
            throw failure("options", EINVAL, "the path must be absolute")
        }
        guard !texts.contains(where: { $0.utf8.contains(0) }),
            !options.environment.keys.contains(where: { $0.contains("=") })
        else {
            throw failure("options", EINVAL, "an argument or a variable holds a zero byte, or a variable's name a '='")
        }
    }

    private func start(_ group: ControlGroup?, _ output: Int32, _ errors: Int32) throws(ChildProcess.Failure)
        -> ccp_child
    {
        let places: (folder: Int32, files: [Int32])
        do { places = try group?.openForSpawn(version2Alone: options.entersGroupsLater) ?? (-1, []) } catch {
            throw failure("control group", error)
        }
        defer { closeAll([places.folder] + places.files) }
        var descriptors = options.descriptors
        if descriptors[1] == nil { descriptors[1] = output }
        descriptors[2] = errors
        let placed = descriptors.map { ccp_descriptor(from: $0.value, to: $0.key) }
        let arguments = CStrings([options.executable] + options.arguments)
        let folder = CStrings(options.folder.map { [$0] } ?? [])
        let environment = CStrings(options.environment.map { "\($0.key)=\($0.value)" }.sorted())
        var child = ccp_child()
        let answer = placed.withUnsafeBufferPointer { placed in
            (options.limits.processLimits + options.systemLimits.map(\.limit)).withUnsafeBufferPointer { limits in
                places.files.withUnsafeBufferPointer { files in
                    withExtendedLifetime((arguments, environment, folder)) {
                        var call = ccp_options()
                        call.path = arguments.pointer.pointee
                        call.argv = arguments.pointer
                        call.environment = environment.pointer
                        call.folder = folder.pointer.pointee
                        (call.descriptors, call.descriptor_count) = (placed.baseAddress, placed.count)
                        (call.limits, call.limit_count) = (limits.baseAddress, limits.count)
                        call.group_folder = places.folder
                        (call.group_files, call.group_file_count) = (files.baseAddress, files.count)
                        call.user = options.user ?? 0
                        call.nice = options.niceness
                        call.no_new_privileges = options.hasNoNewPrivileges ? 1 : 0
                        return ccp_spawn(&call, &child)
                    }
                }
            }
        }
        guard answer == 0 else { throw failure(String(cString: ccp_step_name(child.step)), answer) }
        return child
    }

    private func pipe() throws(ChildProcess.Failure) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        let answer = ccp_pipe(&ends)
        guard answer == 0 else { throw failure("pipe", answer) }
        return (ends[0], ends[1])
    }

    private func closeAll(_ descriptors: [Int32]) {
        for descriptor in descriptors where descriptor >= 0 { close(descriptor) }
    }

    private func failure(_ step: String, _ number: Int32, _ detail: String? = nil) -> ChildProcess.Failure {
        let words = detail ?? errorText(number)
        return ChildProcess.Failure(
            step: step, number: number, description: "\(options.executable) can't be started: \(step): \(words)")
    }

    private func failure(_ step: String, _ system: SystemFailure) -> ChildProcess.Failure {
        failure(step, system.number, system.description)
    }
}

/// A list of C strings that ends with NULL.
private final class CStrings {
    private let strings: [UnsafeMutablePointer<CChar>?]
    private let list: UnsafeMutablePointer<UnsafePointer<CChar>?>

    init(_ texts: [String]) {
        strings = texts.map { strdup($0) }
        list = .allocate(capacity: texts.count + 1)
        for (index, string) in strings.enumerated() { (list + index).initialize(to: string.map { UnsafePointer($0) }) }
        (list + texts.count).initialize(to: nil)
    }

    var pointer: UnsafePointer<UnsafePointer<CChar>?> { UnsafePointer(list) }

    deinit {
        strings.forEach { free($0) }
        list.deallocate()
    }
}
