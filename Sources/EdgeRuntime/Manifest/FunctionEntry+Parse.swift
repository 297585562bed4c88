// Reads one function of the manifest.
internal import FileReading
internal import JSON

extension FunctionEntry {
    /// Nil when what is there is no object; every mistake is noted.
    init?(named name: String, in functions: FileSection) {
        if let reason = Self.mistake(inName: name) { functions.note(reason, name) }
        var functions = functions
        guard var section = functions.section(name) else { return nil }

        self.init(name: name, run: Self.run(from: &section))
        isPublic = section.flag("public", default: isPublic)
        for key in ["routes", "speaks"] where !isPublic && section.object[key] != nil {
            section.note("a function with \"public\": false is reached by no client; remove this", key)
        }
        routes = section.texts("routes") { text in
            do throws(RoutePattern.Mistake) { _ = try RoutePattern(text) } catch { return error.reason }
            return nil
        }.compactMap { try? RoutePattern($0) }
        listen = section.choice("listen", default: listen)
        secrets = section.texts("secrets", check: Self.mistake(inVariable:))
        env = section.texts("env", check: Self.mistake(inVariable:))
        settings = Self.settings(from: &section)
        grants = Set(Self.choices("grants", Grant.self, from: &section).compactMap { Grant(rawValue: $0) })
        speaks = Set(Self.choices("speaks", Dialect.self, from: &section).compactMap { Dialect(rawValue: $0) })
        auth = section.choice("auth", default: auth)
        methods = Self.methods(from: &section)
        timeout = section.duration("timeout", default: timeout, in: .milliseconds(100)...(.seconds(86_400)))
        startTimeout = section.duration("startTimeout", default: startTimeout, in: .milliseconds(100)...(.seconds(600)))
        idle = section.duration("idle", default: idle, in: .seconds(1)...(.seconds(30 * 86_400)))
        warm = section.flag("warm", default: warm)
        concurrency = section.count("concurrency", default: concurrency, in: 1...10_000)
        queue = section.count("queue", default: queue, in: 0...100_000)
        memoryBytes = section.size("memory", default: memoryBytes, in: (16 << 20)...(1 << 40))
        openFiles = section.count("openFiles", default: openFiles, in: 16...1_048_576)
        if var job = section.section("job") { self.job = JobSettings(from: &job) }
        if !speaks.isEmpty, section.object["job"] == nil {
            section.note("only a job function can be spoken to by other APIs; add \"job\": {} or remove this", "speaks")
        }
        tokens = section.texts("tokens", check: Self.mistake(inProvider:))
        if tokens.count > Self.tokensMax {
            section.note("this has \(tokens.count) providers; name at most \(Self.tokensMax)", "tokens")
        }
        if !tokens.isEmpty, section.object["job"] == nil {
            section.note("only a job function is given callers' tokens; add \"job\": {} or remove this", "tokens")
        }
        bodyBytes = section.size(
            "body",
            default: job == nil ? Self.standardBodyBytes : Self.standardJobBodyBytes,
            in: 1024...(1 << 30)
        )
        webhook = Self.webhook(from: &section)
        if var cache = section.section("cache") {
            self.cache = CacheSettings(from: &cache)
            if section.object["job"] == nil {
                section.note("only a job function has results to keep; add \"job\": {} or remove this", "cache")
            }
        }
        section.refuseUnknownKeys()
    }

    /// Program and arguments; the empty array after a mistake, which no caller sees.
    private static func run(from section: inout FileSection) -> [String] {
        guard let value = section.value("run") else {
            section.note("the key run is missing; write \"run\": [\"program\", \"argument\"]")
            return []
        }
        let hint = value.string.map { "write [\(quoted($0))]" } ?? "write [\"program\", \"argument\"]"
        guard let elements = value.array else {
            section.note("this is \(value.kind); \(hint)", "run")
            return []
        }
        if elements.isEmpty { section.note("this is empty; write [\"program\", \"argument\"]", "run") }
        for (index, element) in elements.enumerated() {
            if let text = element.string {
                if index == 0, text.isEmpty { section.note("this is empty; name the program", "run", index) }
                if text.utf8.contains(0) {
                    section.note("a NUL cannot be passed to a program; remove it", "run", index)
                }
            } else {
                section.note("this is \(element.kind); write a string", "run", index)
            }
        }
        return elements.compactMap(\.string)
    }

    private static func settings(from section: inout FileSection) -> String? {
        guard let value = section.value("settings"), !value.isNull else { return nil }
        guard let path = value.string, !path.isEmpty, !path.utf8.contains(0) else {
            section.note("this is no path; write one such as \"generate.json\"", "settings")
            return nil
        }
        return path
    }

    private static func webhook(from section: inout FileSection) -> String? {
        guard let url = section.text("webhook", example: "write a URL such as \"https://app.example/hooks/edge\"")
        else {
            return nil
        }
        if let mistake = WebhookAddress.mistake(in: url) { section.note("this \(mistake)", "webhook") }
        if section.object["job"] == nil {
            section.note("only a job function has ends to tell of; add \"job\": {} or remove this", "webhook")
        }
        return url
    }

    private static func methods(from section: inout FileSection) -> [String]? {
        guard section.object["methods"] != nil else {
            _ = section.value("methods")
            return nil
        }
        let methods = section.texts("methods") {
            HTTPMethods.known.contains($0) ? nil : notOne($0, of: HTTPMethods.known)
        }
        if section.object["methods"] == .array([]) {
            section.note("this is empty, so that no call could be made; name a method, or leave the key out", "methods")
        }
        return methods
    }

    private static func choices<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String,
        _ type: Choice.Type,
        from section: inout FileSection
    ) -> [String] {
        section.texts(key) { Choice(rawValue: $0) == nil ? notOne($0, of: Choice.allCases.map(\.rawValue)) : nil }
    }

    private static func mistake(inProvider name: String) -> String? {
        let isName =
            (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { (97...122).contains($0) || isDigit($0) || $0 == 0x2d || $0 == 0x5f }
        return isName ? nil : "\(quoted(name)) is no provider's name; use 1 to 64 of a to z, digits, _ and -"
    }

    /// Paths below /functions/v1 that the host answers itself.
    private static let hostNames: Set<String> = [TokenFront.name]

    private static func mistake(inName name: String) -> String? {
        guard !hostNames.contains(name) else { return "/functions/v1/\(name) is answered by the host; rename it" }
        let isName =
            name.utf8.enumerated().allSatisfy { index, byte in
                isLetter(byte) || index > 0 && (isDigit(byte) || byte == 0x5f || byte == 0x2d)
            } && (1...64).contains(name.utf8.count)
        return isName ? nil : "a name is a letter, then up to 63 letters, digits, _ and -; rename it"
    }

    /// The host sets these itself.
    private static let hostVariables: Set<String> = [
        "EDGE_SOCKET", "PORT", "EDGE_CONTROL", "EDGE_FUNCTION", "EDGE_VERSION", "EDGE_SETTINGS", "EDGE_CHECK",
    ]

    /// What no function is given.
    private static let hostSecrets: Set<String> = ["EDGE_TOKEN_KEY"]

    private static func mistake(inVariable name: String) -> String? {
        guard !hostSecrets.contains(name) else { return "\(quoted(name)) is for the host alone; remove it" }
        guard !hostVariables.contains(name) else { return "\(quoted(name)) is set by the host; remove it" }
        let isName =
            name.utf8.enumerated().allSatisfy { index, byte in
                isLetter(byte) || byte == 0x5f || index > 0 && isDigit(byte)
            } && (1...256).contains(name.utf8.count)
        if isName { return nil }
        return name.contains("=")
            ? "\(quoted(String(name.prefix { $0 != "=" }))) comes with a value; write the name alone, and the value in .env"
            : "\(quoted(name)) is no variable's name; use letters, digits and _, at most 256, no digit first"
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) }
    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}

extension JobSettings {
    init(from section: inout FileSection) {
        self.init()
        wait = section.duration("wait", default: wait, in: .zero...(.seconds(600)))
        timeout = section.duration("timeout", default: timeout, in: .seconds(1)...(.seconds(86_400)))
        deadline = section.duration("deadline", default: deadline, in: .seconds(1)...(.seconds(30 * 86_400)))
        attempts = section.count("attempts", default: attempts, in: 1...20)
        concurrency = section.count("concurrency", default: concurrency, in: 1...10_000)
        perDay = section.count("perDay", default: perDay, in: 0...1_000_000_000)
        perhapsPaid = section.choice("perhapsPaid", default: perhapsPaid)
        price = section.money("price")
        admit = section.flag("admit", default: admit)
        inputs = section.texts("inputs", check: Self.mistake(inInput:))
        if inputs.count > Self.inputsMax {
            section.note("this has \(inputs.count) fields; name at most \(Self.inputsMax)", "inputs")
        }
        section.refuseUnknownKeys()
    }

    private static func mistake(inInput name: String) -> String? {
        let isName =
            (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                (97...122).contains(byte | 0x20) || (48...57).contains(byte) || byte == 0x5f || byte == 0x2d
            }
        return isName ? nil : "\(quoted(name)) is no field's name; use 1 to 64 letters, digits, _ and -"
    }
}

extension CacheSettings {
    init(from section: inout FileSection) {
        self.init()
        ttl = section.duration("ttl", default: ttl, in: .seconds(1)...(.seconds(3650 * 86_400)))
        section.refuseUnknownKeys()
    }
}
