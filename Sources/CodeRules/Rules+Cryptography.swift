extension CodeRule {
    private static let crypto = ["Crypto", "Cryptodome"]
    private static let hazmat = "cryptography.hazmat.primitives"
    private static let weakHashNames = ["md2", "md4", "md5", "sha", "sha1", "sha-1", "ripemd160"]
    private static let isForSecurity = Condition("usedforsecurity", .isNoneOf(["false"]))
    private static let weakCurves = [
        "SECP192R1", "SECT163K1", "SECT163R2", "SECP160R1", "SECP112R1", "SECP128R1",
    ].map { "\(hazmat).asymmetric.ec.\($0)" }

    static let cryptography: [CodeRule] = [
        CodeRule(
            "weak-hash", "Two texts with this hash can be made: use SHA-256, and scrypt for passwords.",
            example: "import hashlib\nhashlib.md5(password)", instead: "import hashlib\nhashlib.sha256(password)",
            .calls(["hashlib.md5", "hashlib.sha1"], [isForSecurity]),
            .calls(["hashlib.new"], [Condition("name", 0, .isOneOf(weakHashNames)), isForSecurity]),
            .calls(
                crypto.flatMap { module in
                    ["MD2", "MD4", "MD5", "SHA", "SHA1"].map { "\(module).Hash.\($0).new" }
                } + ["MD5", "SHA1"].map { "\(hazmat).hashes.\($0)" }),
            .calls(["crypt.crypt"]), .mentions(["crypt.METHOD_CRYPT", "crypt.METHOD_MD5"])),
        CodeRule(
            "weak-cipher", "The cipher or its mode is broken: use AES in GCM, or ChaCha20-Poly1305.",
            example: "from Crypto.Cipher import DES\nDES.new(key)",
            instead: "from Cryptodome.Cipher import AES\nAES.new(key, AES.MODE_GCM)",
            .calls(
                crypto.flatMap { module in
                    ["ARC2", "ARC4", "Blowfish", "CAST", "DES", "DES3", "XOR"].map { "\(module).Cipher.\($0).new" }
                }),
            .calls(
                ["ARC4", "Blowfish", "CAST5", "IDEA", "SEED", "TripleDES"].flatMap { cipher in
                    [
                        "\(hazmat).ciphers.algorithms.\(cipher)",
                        "cryptography.hazmat.decrepit.ciphers.algorithms.\(cipher)",
                    ]
                } + ["\(hazmat).ciphers.modes.ECB"]),
            .mentions(["*.MODE_ECB"])),
        CodeRule(
            "abandoned-cryptography", "PyCrypto has had no corrections since 2013: use cryptography or pycryptodomex.",
            example: "from Crypto import Random", instead: "from Cryptodome import Random",
            .imports(["Crypto"])),
        CodeRule(
            "short-key", "The key can be found: use 2048 bits at least for RSA and DSA, and a curve of 224 or more.",
            example: "from cryptography.hazmat.primitives.asymmetric import rsa\n"
                + "rsa.generate_private_key(public_exponent=65537, key_size=1024)",
            instead: "from cryptography.hazmat.primitives.asymmetric import rsa\n"
                + "rsa.generate_private_key(public_exponent=65537, key_size=3072)",
            .calls(["\(hazmat).asymmetric.rsa.generate_private_key"], [Condition("key_size", 1, .isBelow(2048))]),
            .calls(["\(hazmat).asymmetric.dsa.generate_private_key"], [Condition("key_size", 0, .isBelow(2048))]),
            .calls(
                crypto.flatMap { ["\($0).PublicKey.RSA.generate", "\($0).PublicKey.DSA.generate"] },
                [Condition("bits", 0, .isBelow(2048))]),
            .mentions(weakCurves)),
    ]

    private static let requestNames = ["requests", "httpx"].flatMap { module in
        ["get", "post", "put", "delete", "patch", "head", "options", "request", "stream", "Client", "AsyncClient"]
            .map { "\(module).\($0)" }
    }
    private static let oldProtocols =
        ["SSLv2", "SSLv3", "SSLv23", "TLSv1", "TLSv1_1"].flatMap { version in
            ["SSL.\(version)_METHOD", "*.SSL.\(version)_METHOD"]
                + (version == "SSLv23" ? [] : ["ssl.PROTOCOL_\(version)", "ssl.TLSVersion.\(version)"])
        }

    static let transport: [CodeRule] = [
        CodeRule(
            "unverified-tls", "Anyone between the two ends can read and change it: leave the certificate's check on.",
            example: "import requests\nrequests.get(url, verify=False)", instead: "import requests\nrequests.get(url)",
            .calls(requestNames, [Condition("verify", .isOneOf(["false"]))]),
            .calls(
                ["*.get", "*.post", "*.put", "*.request"], [Condition("verify", .isOneOf(["false"]))],
                with: "requests"),
            .calls(["aiohttp.TCPConnector"], [Condition("ssl", .isOneOf(["false"]))]),
            .mentions(["ssl._create_unverified_context", "urllib3.disable_warnings"]),
            .assigns("check_hostname", to: ["False"]), .assigns("verify", to: ["False"]),
            .assigns("verify_mode", to: ["ssl.CERT_NONE"])),
        CodeRule(
            "old-tls", "The version of SSL or TLS is broken: use ssl.create_default_context().",
            example: "import ssl\nssl.wrap_socket(sock, ssl_version=ssl.PROTOCOL_TLSv1)",
            instead: "import ssl\nssl.create_default_context().wrap_socket(sock, server_hostname=host)",
            .mentions(oldProtocols), .calls(["ssl.wrap_socket"], [Condition("ssl_version", 5, .isNoneOf([]))])),
        CodeRule(
            "unknown-host-key", "Any server is taken for the one that is meant: load the known host keys.",
            example: "import paramiko\nclient.set_missing_host_key_policy(paramiko.AutoAddPolicy())",
            instead: "import paramiko\nclient.load_system_host_keys()",
            .mentions(
                ["AutoAddPolicy", "WarningPolicy"].flatMap { ["paramiko.\($0)", "paramiko.client.\($0)"] }),
            .calls(["asyncssh.connect"], [Condition("known_hosts", .isOneOf(["none"]))])),
        CodeRule(
            "plain-protocol", "Names and passwords cross the network as they are: use SSH, SFTP, TLS or SNMPv3.",
            example: "import telnetlib\ntelnetlib.Telnet(host)", instead: "from ftplib import FTP_TLS\nFTP_TLS(host)",
            .calls(["ftplib.FTP"]), .imports(["telnetlib", "pyghmi"]),
            .calls(["pysnmp.hlapi.CommunityData", "*.hlapi.CommunityData", "CommunityData"], with: "pysnmp"),
            .calls(["*.hlapi.UsmUserData", "UsmUserData"], [Condition("authKey", 1, .isNoneOf([]))], with: "pysnmp")),
        CodeRule(
            "every-interface",
            "The server answers every network that the machine is on: bind 127.0.0.1, or one address.",
            example: "server.bind(('0.0.0.0', 8080))", instead: "server.bind(('127.0.0.1', 8080))",
            .calls(["*.bind"], [Condition("address", 0, .isEveryInterface)]),
            .calls(["*.run", "*.create_server", "*.start_server"], [Condition("host", .isOneOf(["0.0.0.0", "::"]))])),
    ]
}
