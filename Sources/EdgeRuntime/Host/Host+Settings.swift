// What the host goes over to when it starts and when files change: manifest, settings, keys, budgets.
internal import Callers
internal import EdgeLoop
internal import Secrets

extension Host {
    /// Goes over to a manifest and settings that have been found good.
    func apply(_ file: ManifestFile, _ settings: SettingsStack) {
        var tokens = (try? Self.tokens(file, settings)) ?? JWTVerifier()  // it was found good before
        self.file = file
        self.settings = settings
        board.use(file.manifest.host.tiers ?? TierTable())
        secrets.use(Self.secrets(file, settings))
        caller.tokenRules = file.manifest.host.tokens
        for entry in file.manifest.functions {
            if let job = entry.job { board.configure(entry.name, job, cacheTTL: entry.cache?.ttl) }
        }
        functions.apply(
            file.manifest,
            Self.sources(file, settings)
        )
        board.lanes.closeCircuits()
        cache.sizeMax = file.manifest.host.cacheBytes
        jobFront.pictures.bodies.limit = file.manifest.host.bodyMemoryBytes
        cache.ageMax = file.manifest.host.retention.images.age
        housekeeping.retention.settings = file.manifest.host.retention
        handler.policy = Self.policy(file.manifest, options)
        outbox.policy = Self.webhooks(file, settings, base: publicBase(file.manifest))
        alerts.url = file.manifest.host.spend.webhook
        if phase == .serving { keyring.use(file.manifest.host.jwt.keysURL) }
        if tokens.expectsKeys { tokens.keys = keyring.keys }
        callers.use(file.manifest.host, tokens)
        limits.use(file.manifest.host, file.policy, knowsCallers: callers.knowsCallers)
        useBudgets()
        recall.redactor = log.redactor
        recall.hasOrigins = file.manifest.host.origins != .any
        // What was remembered held for the manifest, settings and programs that were.
        recall.forgetAll()
        details.forget()
        ledger.repeatAlerts()  // for a receiver that is new
    }

    /// What URLs begin with where no request says under which name the host is known.
    private func publicBase(_ manifest: Manifest) -> String {
        options.publicURL ?? manifest.host.publicURL ?? StartupText.url(of: listener.address)
    }

    /// The ledger goes by the settings and the keys that are in force.
    func useBudgets() {
        let spend = file.manifest.host.spend
        var settings = LedgerSettings()
        settings.budgets = spend.budgets
        settings.marks = spend.marks
        settings.zone = file.timeZone
        settings.zoneName = spend.timeZone
        let lost = settings.use(keys)
        if !lost.isEmpty, lost != lostBudgets {
            log.write(
                .warning,
                "host.budgets: there is no key for \(lost.joined(separator: ", ")), so nothing is counted there; `edge keys list` "
                    + "shows the keys"
            )
        }
        lostBudgets = lost
        ledger.use(settings)
    }

    func use(_ keys: KeySet) {
        self.keys = keys
        callers.use(keys)
        useBudgets()
    }

    static func policy(_ manifest: Manifest, _ options: ServeOptions) -> HostHandler.Policy {
        var host = manifest.host
        host.publicURL = options.publicURL ?? host.publicURL
        return HostHandler.Policy(
            cors: Cors(host),
            base: BaseURL(publicURL: host.publicURL, trustedProxies: host.trustedProxies),
            plain: PlainFront(trustedProxies: host.trustedProxies)
        )
    }
}
