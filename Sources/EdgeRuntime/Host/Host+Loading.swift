// What the host reads before it serves, and again when it changes.
internal import Callers
internal import EdgeLoop
internal import Secrets

extension Host {
    static func loadSettings(
        _ options: ServeOptions,
        _ places: HostPlaces,
        _ environment: [String: String]
    ) async throws -> SettingsStack {
        try await Pool.run {
            try SettingsStack.load(
                environment: environment,
                envFiles: options.envFiles,
                stateDirectory: places.state,
                projectDirectory: places.project
            )
        }
    }

    static func loadManifest(
        _ places: HostPlaces,
        _ environment: [String: String]
    ) async throws -> ManifestFile {
        try await Pool.run {
            try ManifestFile.read(
                places.manifest,
                programFolder: places.programs,
                searchPath: environment["PATH"] ?? ""
            )
        }
    }

    static func sources(_ file: ManifestFile, _ settings: SettingsStack) -> FunctionSources {
        FunctionSources(programs: file.programs, files: file.settings, folder: file.folder, settings: settings)
    }

    /// What nothing that the host writes may hold.
    static func secrets(
        _ file: ManifestFile,
        _ settings: SettingsStack
    ) -> [(name: String, value: SecretValue)] {
        let own: Set = [file.manifest.host.jwt.secret, TokenKeys.name]
        let keys = settings.all(TokenKeys.name).flatMap { TokenKeys.parts(of: $0.value) }
        return settings.secrets(listed: file.manifest.secretNames.union(own)) + keys.map { (TokenKeys.name, $0) }
    }

    /// What callers' own tokens are sealed with; nil where no key is set.
    static func tokenKeys(_ settings: SettingsStack) throws(HostError) -> TokenKeys? {
        guard let setting = settings[TokenKeys.name], !setting.value.isEmpty else { return nil }
        do {
            return try TokenKeys(setting.value)
        } catch {
            throw HostError("\(error) (set in \(setting.place))")
        }
    }

    /// Goes over to the keys of the settings.
    /// - Throws: why the database cannot be used; then all is as it was. At start nothing must be done on it: of callers' jobs that wait for
    ///   their tokens it would seem that these were removed.
    func useTokenKeys() async throws(HostError) {
        // They were found good before.
        guard let keys = try? Self.tokenKeys(settings), keys != tokenKeys else { return }
        do {
            let folder = state.path
            let store = try await Pool.run { try SQLTokenStore(state: folder) }
            let found = try await vault.use(keys, store)
            tokenKeys = keys
            if found.lost > 0 {
                log.write(
                    .error,
                    "\(found.lost) of \(found.count) callers' tokens cannot be opened: they were sealed with a key that is not in "
                        + "\(TokenKeys.name); write that key behind the present one, or have these callers set their tokens again"
                )
            }
            if found.renewed > 0 {
                log.write(.info, "sealed \(found.renewed) callers' tokens with the first key of \(TokenKeys.name)")
            }
        } catch {
            throw HostError("callers' own tokens cannot be read: \(error)")
        }
    }

    /// What tokens are checked against.
    static func tokens(_ file: ManifestFile, _ settings: SettingsStack) throws(HostError) -> JWTVerifier {
        let jwt = file.manifest.host.jwt
        let secret = settings[jwt.secret].map { Array($0.value.reveal().utf8) }.flatMap { $0.isEmpty ? nil : $0 }
        if let secret, secret.count < JWTVerifier.secretBytesMin {
            throw HostError(
                "\(jwt.secret) has \(secret.count) bytes; the secret of tokens needs \(JWTVerifier.secretBytesMin) or more, "
                    + "else it can be guessed from a token"
            )
        }
        var tokens = JWTVerifier(secret: secret, keys: file.tokenKeys, issuer: jwt.issuer, audience: jwt.audience)
        tokens.expectsKeys = jwt.keysURL != nil
        return tokens
    }

    /// What can be promised to who names a receiver of webhooks.
    static func webhooks(_ file: ManifestFile, _ settings: SettingsStack, base: String) -> WebhookOutbox.Policy {
        let hasSecret = settings[WebhookOutbox.secretName].map { !$0.value.reveal().isEmpty } ?? false
        return WebhookOutbox.Policy(
            hasFunction: file.manifest.canDeliver,
            canSign: hasSecret || settings[WebhookOutbox.unsignedName]?.value.reveal() == "1",
            base: base
        )
    }

    static func check(_ file: ManifestFile, _ settings: SettingsStack) async throws(HostError) {
        _ = try tokens(file, settings)
        let function = file.manifest.functions.first { $0.webhook != nil }
        let named =
            function.map { "functions.\($0.name).webhook" }
            ?? file.manifest.host.spend.webhook.map { _ in "host.spend.webhook" }
        if !webhooks(file, settings, base: "").canSign, let named {
            throw HostError(
                "\(named): \(WebhookOutbox.secretName) is not set, so nothing can be signed; set it with "
                    + "`edge secrets set \(WebhookOutbox.secretName)=whsec_$(openssl rand -base64 32)`, or set "
                    + "\(WebhookOutbox.unsignedName)=1"
            )
        }
        _ = try tokenKeys(settings)
        let sources = sources(file, settings)
        let redactor = settings.redactor(listed: file.manifest.secretNames)
        try await SettingsCheck.run(
            file,
            redactor: redactor,
            place: { settings[$0].map { "\($0.place)" } },
            environment: { sources.variables(of: $0) }
        )
    }
}
