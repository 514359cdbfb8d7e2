import LlamaStackAPI

/// What may stand under `fetch:` of a provider that can read from the network. Absent, nothing is fetched.
package struct FetchConfiguration: WireRecord {
    package var isEnabled = false
    package var hosts: [String] = []
    package var httpHosts: [String] = []
    package var ports: [Int] = [443, 80]
    package var allowPrivate: [String] = []
    package var caFile: String?
    /// 0: what suits what is fetched; see ``FetchGate/Limits``.
    package var bytesMax = 0
    /// 0: the same.
    package var secondsMax = 0

    package init() {}

    private init(
        _ isEnabled: Bool, _ hosts: [String], _ httpHosts: [String], _ ports: [Int], _ allowPrivate: [String],
        _ caFile: String?, _ bytesMax: Int, _ secondsMax: Int
    ) {
        (self.isEnabled, self.hosts, self.httpHosts, self.ports) = (isEnabled, hosts, httpHosts, ports)
        (self.allowPrivate, self.caFile, self.bytesMax, self.secondsMax) = (allowPrivate, caFile, bytesMax, secondsMax)
    }

    package static let object = Object(
        "FetchConfiguration", isComponent: false, Self.init,
        Field("enabled", \.isEnabled, default: false, "Whether anything may be fetched from the network."),
        Field(
            "hosts", \.hosts, default: [], check: .hosts,
            "The hosts that may be asked: data.example.org, *.example.org for all below it, * for all."),
        Field(
            "http_hosts", \.httpHosts, default: [], check: .hosts,
            "Those of them that may be asked by http:// as well; all others by https:// alone."),
        Field(
            "ports", \.ports, default: [443, 80],
            check: Check("ports, 1...65535") { $0.allSatisfy { (1...65535).contains($0) } },
            "The ports that may be asked."),
        Field(
            "allow_private", \.allowPrivate, default: [],
            check: Check("blocks of addresses like 10.0.0.0/8 or fd00::/8") {
                $0.allSatisfy { AddressBlock($0) != nil }
            },
            "Blocks of addresses that may be asked though they are private, loopback or this machine's own."),
        Field(
            "ca_file", \.caFile,
            "A file of PEM certificates that are trusted beside the system's. Relative to the distribution."),
        Field(
            "bytes_max", \.bytesMax, default: 0, check: .atLeast(0),
            "A longer answer is refused. 0: 10 MiB for a document, 4 GiB for a dataset."),
        Field(
            "seconds_max", \.secondsMax, default: 0, check: .within(0...3600),
            "One fetch, redirects included. 0: 10 s for a document, 300 s for a dataset."))

    /// What one field's check can't see: where (a JSON Pointer within this configuration), and what.
    package var mistake: (pointer: String, message: String)? {
        if isEnabled, hosts.isEmpty {
            return ("/hosts", "must name the hosts that may be fetched from; \"*\" allows all public ones")
        }
        return nil
    }
}

extension Check where Value == [String] {
    fileprivate static let hosts = Check("host names, *.NAME or *, in lower case") { names in
        names.allSatisfy { HostPattern($0) != nil }
    }
}
