import Networking

/// The network of a command: a URL that somebody types may be asked wherever it leads, as by any other command.
enum CommandNetwork {
    static let label = "command"

    /// - Parameter url: whose port is asked; throws what is wrong with it.
    static func settings(for url: String) throws -> NetworkSettings {
        var rules = NetworkSettings.Provider()
        (rules.isEnabled, rules.hosts, rules.httpHosts) = (true, ["*"], ["*"])
        rules.ports = [try NetworkURL(url).port]
        rules.allowPrivate = ["0.0.0.0/0", "::/0"]
        var settings = NetworkSettings()
        settings.providers[label] = rules
        return settings
    }
}
