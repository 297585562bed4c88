// One function of functions.json: what to run, who may call it, and its limits.

/// The settings of one function. Two equal entries need no new process.
package struct FunctionEntry: Sendable, Equatable {
    /// Who may call: `none` does not look at credentials, `optional` refuses only wrong ones, `required` refuses callers without.
    package enum Auth: String, CaseIterable, Sendable { case none, optional, required }

    /// Where the program listens: on the Unix socket `EDGE_SOCKET`, or on the loopback port `PORT`.
    package enum Listen: String, CaseIterable, Sendable { case socket, port }

    /// What its control socket allows besides its own jobs.
    package enum Grant: String, CaseIterable, Sendable { case jobs }

    /// What existing clients of others speak, and the host can translate for it.
    package enum Dialect: String, CaseIterable, Sendable { case openai, huggingface }

    /// The key in `functions`: a letter, then up to 63 letters, digits, `_` and `-`. Public at `/functions/v1/<name>`.
    package let name: String
    /// `run`: program and arguments. Required.
    package var run: [String]
    /// `public`: whether clients reach it. `false`: it works for the host alone. Default true.
    package var isPublic = true
    /// `routes`: further public paths. Default none.
    package var routes: [RoutePattern] = []
    /// `listen`. Default `socket`.
    package var listen: Listen = .socket
    /// `secrets`: names it is given that are never printed. Default none.
    package var secrets: [String] = []
    /// `env`: plain names it is given. Default none.
    package var env: [String] = []
    /// `settings`: a file of the function's own, beside functions.json or by an absolute path; it gets the path as EDGE_SETTINGS.
    /// Default nil: none.
    package var settings: String?
    /// `grants`. Default none.
    package var grants: Set<Grant> = []
    /// `tokens`: providers whose tokens its callers may bring; a run is given one of its own caller's. At most 32. Default none.
    package var tokens: [String] = []
    /// `speaks`: whose clients reach this job function under the paths that they know. Each at one function. Default none.
    package var speaks: Set<Dialect> = []
    /// `auth`. Default `optional`.
    package var auth: Auth = .optional
    /// `methods`: in the order of the file; GET includes HEAD. Default nil: all, for a job function GET and POST.
    package var methods: [String]?
    /// `timeout`: wall time of one plain call. Default 60s, 100ms to 1d.
    package var timeout: Duration = .seconds(60)
    /// `startTimeout`: from start to the first connection. Default 10s, 100ms to 10m.
    package var startTimeout: Duration = .seconds(10)
    /// `idle`: stopped after this without a call. Default 5m, 1s to 30d.
    package var idle: Duration = .seconds(300)
    /// `warm`: started with the host and kept. Default false.
    package var warm = false
    /// `concurrency`: calls at once in one process. Default 32, 1 to 10,000.
    package var concurrency = 32
    /// `queue`: calls that wait beyond that; further ones get 503. Default 256, 0 to 100,000.
    package var queue = 256
    /// `memory`: bytes of one process. Default 256MB, 16MB to 1TB.
    package var memoryBytes = 256 << 20
    /// `openFiles`: descriptors of one process. Default 256, 16 to 1,048,576.
    package var openFiles = 256
    /// `body`: bytes of the largest request body. Default 1MB, 16MB for job functions; 1KB to 1GB.
    package var bodyBytes = standardBodyBytes
    /// `job`: nil for a plain function, whose calls are forwarded as they come.
    package var job: JobSettings?
    /// `webhook`: the URL that is told of the end of each job of this function whose request names none. Default none.
    package var webhook: String?
    /// `cache`: nil when no result is kept by its cache key.
    package var cache: CacheSettings?

    package static let tokensMax = 32

    static let standardBodyBytes = 1 << 20
    static let standardJobBodyBytes = 16 << 20

    package init(name: String, run: [String]) {
        self.name = name
        self.run = run
    }
}

/// The `job` block: makes every POST, and GET by its query, a job.
package struct JobSettings: Sendable, Equatable {
    /// Whether an attempt of which nobody knows if it was paid is made again.
    package enum PerhapsPaid: String, CaseIterable, Sendable { case retry, fail }

    /// `wait`: how long a POST waits for its result before it is told 202. Default 25s, 0s to 10m.
    package var wait: Duration = .seconds(25)
    /// `timeout`: limit of one attempt, which `deadline` ends too. Default 5m, 1s to 1d.
    package var timeout: Duration = .seconds(300)
    /// `deadline`: limit of the job's whole life. Default 1h, 1s to 30d.
    package var deadline: Duration = .seconds(3600)
    /// `attempts`: failures before a job fails; waits for a loading model or a rate limit are none. Default 5, 1 to 20.
    package var attempts = 5
    /// `concurrency`: runs at once. Default 32, 1 to 10,000.
    package var concurrency = 32
    /// `perDay`: runs a UTC day. Default 200, 0 to 1,000,000,000; 0 is no cap.
    package var perDay = 200
    /// `perhapsPaid`: what follows an attempt that may have been paid, at a provider that cannot be asked. Default `retry`.
    package var perhapsPaid: PerhapsPaid = .retry
    /// `price`: micro-dollars of a result where the function names no price. Default none: unknown.
    package var price: Int64?
    /// `admit`: whether the function is asked to check each request first. Default true.
    package var admit = true
    /// `inputs`: the fields of a request that hold pictures, which the host takes in before admission. Default none, at most 16.
    package var inputs: [String] = []

    package static let inputsMax = 16

    package init() {}
}

/// The `cache` block: results are kept by their cache key.
package struct CacheSettings: Sendable, Equatable {
    /// `ttl`: how long a result answers equal requests. Default 30d, 1s to 3650d.
    package var ttl: Duration = .seconds(30 * 86_400)

    package init() {}
}
