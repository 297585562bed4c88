// `edge run`: a file of requests, made by a running host.
internal import CivilTime
package import EdgeLoop
internal import Glibc
internal import JSON

/// What the command was told.
package struct BatchOptions: Sendable {
    package var file: String
    package var folder: String
    package var function = "generate"
    package var parallel = 4
    /// `http://host:port`; nil: the host that runs on ``state``.
    package var url: String?
    package var state = ".edge"
    /// Whether progress is one line that is written over.
    package var isTerminal = false

    package static let parallelMax = 64

    package init(file: String, folder: String) {
        self.file = file
        self.folder = folder
    }
}

/// Submits the lines that have no images yet, a few at once, and writes what becomes of them.
@LoopActor
package final class BatchRun {
    private let options: BatchOptions
    private let say: @LoopActor (String) -> Void
    private let started = ContinuousClock.now
    private var waiting: ArraySlice<BatchLine> = []
    private var progress = BatchProgress(total: 0, before: 0)
    private var stop: (any Error)?

    /// - Parameter say: writes text as it is.
    package init(_ options: BatchOptions, say: @escaping @LoopActor (String) -> Void) {
        self.options = options
        self.say = say
    }

    /// Runs to the end. What goes wrong for all lines is in the outcome's `errors`; a second run goes on from there.
    package func run() async -> CommandOutcome {
        do {
            let path = HostPlaces.absolute(options.file)
            let bytes = try await Pool.run {
                try FileWriter(calls: .system).read(path, bytesMax: BatchFile.bytesMax)
            }
            let file: BatchFile
            do {
                file = try BatchFile(bytes, path: path, function: options.function)
            } catch {
                return CommandOutcome(errors: "\(options.file): \(error)\n", status: 2)
            }
            if let refusal = await refusal() { return refusal }
            let results = try await BatchResults(folder: HostPlaces.absolute(options.folder))
            let client = try await client()
            defer { client.close() }
            waiting = file.lines.filter { !results.made.contains($0.key) }[...]
            progress = BatchProgress(total: file.lines.count, before: file.lines.count - waiting.count)
            showBar()
            let workers = (0..<min(options.parallel, max(1, waiting.count))).map { _ in
                Task(executorPreference: LoopActor.tasks) { await self.work(client, results) }
            }
            for worker in workers { await worker.value }
            if options.isTerminal { say("\n") }
            if let stop {
                return CommandOutcome(
                    errors: "edge run: \(stop)\nThe same command goes on from here.\n",
                    status: 1
                )
            }
            return CommandOutcome(output: progress.summary + "\n", status: progress.failed > 0 ? 1 : 0)
        } catch {
            return CommandOutcome(errors: "edge run: \(error)\n", status: 1)
        }
    }

    private func client() async throws -> BatchClient {
        if let url = options.url {
            return try await BatchClient(url: url, function: options.function, connections: options.parallel)
        }
        let state = HostPlaces.absolute(options.state)
        return try BatchClient(state: state, function: options.function, connections: options.parallel)
    }

    /// Why no host can be asked; nil: one runs, or its URL was given.
    private func refusal() async -> CommandOutcome? {
        guard options.url == nil else { return nil }
        let asked = await OperatorCommand(state: options.state).asking("GET", "/v1/host") { $0["url"]?.string ?? "" }
        return asked.status == 0 ? nil : asked
    }

    private func work(_ client: BatchClient, _ results: BatchResults) async {
        while stop == nil, let line = waiting.popFirst() {
            do {
                try await make(line, client, results)
            } catch {
                stop = stop ?? error
            }
        }
    }

    private func make(_ line: BatchLine, _ client: BatchClient, _ results: BatchResults) async throws {
        let begun = ContinuousClock.now
        var result: JSONObject = ["line": .integer(Int64(line.number)), "key": .string(line.key)]
        let key = line.sentKey(failures: results.failures[line.key] ?? 0)
        switch try await client.run(line, key: key) {
        case .succeeded(let document):
            var names: [String] = []
            for (index, image) in (document["images"]?.array ?? []).enumerated() {
                let type = image["type"]?.string ?? ""
                let name = line.fileName(image: index, ext: ImageFileType.fileExtension(ofType: type))
                try await results.write(try await client.image(image), to: name)
                names.append(name)
            }
            result["state"] = "succeeded"
            result["job"] = document["id"]
            result["files"] = .array(names.map { .string($0) })
            for fact in JobResult.shownFacts { result[fact] = document[fact] }
            progress.succeeded(cost: document["cost"]?.integer)
            tell("line \(line.number): \(names.joined(separator: ", "))", isFailure: false)
        case .failed(let status, let problem):
            result["state"] = "failed"
            result["job"] = problem["job"]
            result["status"] = .integer(Int64(status))
            result["code"] = problem["code"]
            let message = problem["message"]?.string ?? "the host answered \(status)"
            result["message"] = .string(message)
            progress.lineFailed()
            tell("line \(line.number) failed: \(message)", isFailure: true)
        }
        result["seconds"] = .double(((ContinuousClock.now - begun).inSeconds * 1000).rounded() / 1000)
        try await results.add(result)
    }

    // MARK: Telling

    private func tell(_ text: String, isFailure: Bool) {
        guard options.isTerminal else { return say("\(progress.ended)/\(progress.total) \(text)\n") }
        if isFailure { say("\r\u{1b}[K\(text)\n") }
        showBar()
    }

    private func showBar() {
        guard options.isTerminal else { return }
        say("\r\u{1b}[K" + progress.bar(after: ContinuousClock.now - started))
    }
}
