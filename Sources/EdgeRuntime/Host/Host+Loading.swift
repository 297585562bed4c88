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

    static func redactor(_ file: ManifestFile, _ settings: SettingsStack) -> Redactor {
        settings.redactor(listed: file.manifest.secretNames.union([file.manifest.host.jwt.secret]))
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
        if !webhooks(file, settings, base: "").canSign,
            let named = file.manifest.functions.first(where: { $0.webhook != nil })
        {
            throw HostError(
                "functions.\(named.name).webhook: \(WebhookOutbox.secretName) is not set, so nothing can be signed; set it with "
                    + "`edge secrets set \(WebhookOutbox.secretName)=whsec_$(openssl rand -base64 32)`, or set "
                    + "\(WebhookOutbox.unsignedName)=1"
            )
        }
        let sources = sources(file, settings)
        let redactor = settings.redactor(listed: file.manifest.secretNames)
        try await SettingsCheck.run(file, redactor: redactor) { sources.variables(of: $0) }
    }
}
