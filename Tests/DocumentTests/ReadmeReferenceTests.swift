// The README's tables and examples against the code that they describe.
import EdgeHTTP
import EdgeLoop
import FileReading
import Glibc
import JSON
import Secrets
import TestSupport
import Testing

@testable import EdgeRuntime
@testable import Generate

struct ReadmeReferenceTests {
    private static let readme = ReadmeHost.readme

    @Test func `the fields of generate are those of the table, with what each may be`() {
        let rows = Self.readme.rows(under: "Generate").filter { Field(rawValue: Self.plain($0[0])) != nil }

        #expect(Set(rows.map { Self.plain($0[0]) }) == Set(Field.allCases.map(\.rawValue)))
        for row in rows { #expect(row[1] == Field(rawValue: Self.plain(row[0]))?.allowed, "\(row[0])") }
    }

    @Test func `each key of functions.json has the default that the table says`() throws {
        var keys: Set<String> = []
        for row in Self.readme.rows(under: "functions.json") {
            let key = Self.plain(row[0])
            keys.insert(key)
            guard let value = try? JSONValue.parse(Self.plain(row[1])) else { continue }  // "none", "required"
            let isHost = row == Self.hostRow(key)
            let base: JSONValue = [
                "host": ["cache": [:]], "functions": ["f": ["run": ["x"], "job": [:], "cache": [:]]],
            ]
            let plain: JSONValue = ["host": ["cache": [:]], "functions": ["f": ["run": ["x"]]]]
            let needsJob = key.hasPrefix("job.") || key == "cache.ttl"
            let path = (isHost ? ["host"] : ["functions", "f"]) + key.split(separator: ".").map(String.init)
            let without = needsJob ? base : plain
            let with = Self.setting(value, at: path[...], in: without)

            #expect(try Manifest.parse(with.encoded()) == Manifest.parse(without.encoded()), "\(key)")
        }
        let hostKeys = Set(Self.hostRows.map { Self.plain($0[0]) })
        #expect(Self.known("", in: #"{"host": {"zzzzzzzzzzzz": 1}}"#) == Set(hostKeys.map(Self.first)))
        let functionKeys = keys.subtracting(hostKeys).union(["cache"])
        #expect(
            Self.known("", in: #"{"functions": {"f": {"run": ["x"], "zzzzzzzzzzzz": 1}}}"#)
                == Set(functionKeys.map(Self.first))
        )
        #expect(
            Self.known("job.", in: #"{"functions": {"f": {"run": ["x"], "job": {"zzzzzzzzzzzz": 1}}}}"#)
                == functionKeys.filter { $0.hasPrefix("job.") }
        )
    }

    @Test func `examples of functions.json are good manifests`() throws {
        for block in Self.readme.blocks("json") {
            let value = try JSONValue.parse(block.text)
            if value["functions"] != nil { _ = try Manifest.parse(Array(block.text.utf8)) }
        }
    }

    @Test func `the example of generate.json is good, and shows every section`() throws {
        let block = try #require(Self.readme.blocks("json", under: "Models, presets, routes, prices").first)
        let settings = try GenerateSettings.parse(Array(block.text.utf8))
        let sections = try #require(try JSONValue.parse(block.text).object).keys
        let shown = Self.readme.rows(under: "Models, presets, routes, prices").map { Self.first(Self.plain($0[0])) }

        #expect(!settings.models.isEmpty && !settings.prices.rows.isEmpty && !settings.resultNetworks.isEmpty)
        #expect(Set(shown) == Set(sections))
        let refusal = #expect(throws: FileMistakes.self) {
            try GenerateSettings.parse(Array(#"{"zzzzzzzzzzzz": 1}"#.utf8))
        }
        #expect(refusal?.description.hasSuffix("known here are \(sections.joined(separator: ", "))") == true)
    }

    @Test func `env files mean what the README says`() throws {
        let bundled = try #require(TestManifest.bundled["functions"]?["generate"])
        let names = Set(
            ((bundled["env"]?.array ?? []) + (bundled["secrets"]?.array ?? [])).compactMap(\.string)
        )
        for block in Self.readme.blocks("env") {
            let file = try EnvFile.parse(Array(block.text.utf8), name: "README.md:\(block.line)")

            #expect(file.diagnostics.isEmpty)
            #expect(!file.assignments.isEmpty)
            if block.heading != "Secrets" { #expect(names.isSuperset(of: file.assignments.map(\.name))) }
        }
        let example = try #require(Self.readme.blocks("env", under: "Secrets").first)
        let meaning = try #require(Self.readme.blocks("json", under: "Secrets").first)
        var read = JSONObject()
        for one in try EnvFile.parse(Array(example.text.utf8), name: "example.env").assignments {
            read[one.name] = .string(one.value.reveal())
        }
        #expect(try JSONValue.parse(meaning.text) == .object(read))
    }

    @Test func `every setting of generate is explained`() {
        for name in ["secrets", "env"] {
            for value in TestManifest.bundled["functions"]?["generate"]?[name]?.array ?? [] {
                #expect(Self.readme.text.contains(value.string ?? "?"), "\(value)")
            }
        }
    }

    @Test func `the Swift function is the one that the project builds`() {
        let source = fileText("\(Document.projectFolder)/Sources/Functions/Hello/Hello.swift")

        #expect(Self.readme.blocks("swift").map(\.text) == [source])
        #expect((source ?? "").split(separator: "\n").count < 15)
        let row = Self.readme.codeSpans.first { $0.hasPrefix("program(") } ?? "no row"
        #expect(fileText("\(Document.projectFolder)/Package.swift")?.contains(row) == true)
    }

    @Test @LoopActor func `the limits are those of the code`() {
        TestLoop.start()
        let limits = HTTPLimits()
        let told = [
            "request head": "\(limits.headBytes >> 10) KiB", "time for the head": Self.text(limits.headTime),
            "pause in a request body": Self.text(limits.bodyIdle),
            "pause in taking an answer": Self.text(limits.writeIdle),
            "idle connection": Self.text(limits.keepAliveIdle), "connections": "\(limits.connections)",
            "wait for a job": Self.text(JobFront.waitMax), "unfinished jobs": "\(JobBoard.jobsMax)",
            "a request of another API's client": Self.text(JobFront.dialectWait),
            "a picture that comes in": "\(Picture.bytesMax >> 20) MiB, \(Picture.sideMax) pixels a side",
            "pictures of a request": "\(Picture.countMax)", "parts of a form": "\(FormReader.partsMax)",
            "text of a form's field": "\(FormReader.textBytesMax >> 10) KiB",
            "a request besides its pictures": "\(RequestPictures.fieldsBytesMax >> 20) MiB",
            "one result": "\(FunctionCaller.artifactBytesMax >> 20) MB",
            "finished jobs": "7 days, \(SizeText.text(of: RetentionSettings.standardSize))",
            "space left on the disk": "\(DiskReserve().bytes >> 20) MiB, \(DiskReserve().files) inodes",
            "crashes of a function": "\(CrashCircuit.crashesMax) in a minute",
            "one log line": "\(LineSplitter.bytesMax >> 10) KiB",
        ]
        let rows = Self.readme.rows(under: "Limits")

        for (what, limit) in told { #expect(rows.first { $0[0] == what }?[1] == limit, "\(what)") }
    }

    @Test @LoopActor func `every form of edge jobs that is named is one, and all are named`() async throws {
        TestLoop.start()
        let help = try await runEdge(["jobs", "--help"], in: TemporaryFolder()).output
        let rows = Self.readme.rows(under: "Jobs from the command line")
        let told = rows.map { $0[0].dropFirst().split(separator: " ")[2].filter { $0 != "`" } }

        #expect(told == ["list", "show", "logs", "retry", "cancel", "purge"])
        for word in told { #expect(help.contains(" \(word)"), "\(word)") }
        for option in rows.flatMap({ $0.joined().matches(of: /--[a-z-]+/).map { String($0.output) } }) {
            #expect(help.contains(option), "\(option)")
        }
    }

    @Test(.enabled(if: access("/usr/sbin/nginx", X_OK) == 0)) @LoopActor
    func `nginx takes its settings`() async throws {
        TestLoop.start()
        let block = try #require(Self.readme.blocks("nginx").first)
        let folder = TemporaryFolder()
        folder.write(
            "pid \(folder.path)/pid;\nevents {}\nhttp { access_log off; server { listen 127.0.0.1:1;\n\(block.text)} }\n",
            to: "nginx.conf"
        )

        let arguments = ["-t", "-e", "\(folder.path)/log", "-p", folder.path, "-c", "\(folder.path)/nginx.conf"]
        let result = try await runProgram("/usr/sbin/nginx", arguments, in: folder)

        #expect(result.exit == .exited(0), "\(result.text)")
    }

    // MARK: Tables

    private static var hostRows: [[String]] {
        let rows = readme.rows(under: "functions.json")
        let start = rows.firstIndex { plain($0[0]) == "origins" } ?? rows.count
        return Array(rows[start...])
    }

    private static func hostRow(_ key: String) -> [String]? { hostRows.first { plain($0[0]) == key } }

    private static func plain(_ cell: String) -> String { cell.replacing("`", with: "") }

    private static func first(_ key: String) -> String { String(key.prefix { $0 != "." }) }

    private static func text(_ duration: Duration) -> String { "\(duration.components.seconds) s" }

    private static func setting(_ value: JSONValue, at path: ArraySlice<String>, in whole: JSONValue) -> JSONValue {
        guard let key = path.first else { return value }
        var object = whole.object ?? [:]
        object[key] = setting(value, at: path.dropFirst(), in: object[key] ?? [:])
        return .object(object)
    }

    /// The keys that the parser knows, out of its refusal of one that it does not.
    private static func known(_ prefix: String, in manifest: String) -> Set<String> {
        do {
            _ = try Manifest.parse(Array(manifest.utf8))
            return []
        } catch {
            let text = "\(error)"
            guard let start = text.firstRange(of: "known here are ")?.upperBound else { return [text] }
            let names = text[start...].prefix { $0 != "\n" }.split(separator: ",")
            return Set(names.map { prefix + $0.filter { $0 != " " } })
        }
    }
}
