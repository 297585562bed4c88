// ARCHITECTURE.md, CONTRIBUTING.md and CHANGELOG.md against the tree that they describe.
import Glibc
import JSON
import TestSupport
import Testing

struct DeveloperDocumentTests {
    private static let folder = Document.projectFolder
    private static let documents = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(
        Document.init
    )
    private static let architecture = Document("ARCHITECTURE.md")
    private static let package = fileText("\(folder)/Package.swift") ?? ""
    private static let sources: [(path: String, text: String)] =
        (filesBelow("\(folder)/Sources") + filesBelow("\(folder)/Tests"))
        .filter { $0.hasSuffix(".swift") || $0.hasSuffix(".h") }
        .map { ($0, fileText($0) ?? "") }

    @Test func `links lead to files`() {
        for document in Self.documents {
            for link in document.links { #expect(fileExists("\(Self.folder)/\(link)"), "\(document.name): \(link)") }
        }
    }

    @Test func `JSON in the documents is JSON`() {
        for document in Self.documents {
            for block in document.blocks("json") {
                #expect(throws: Never.self, "\(document.name):\(block.line)") { try JSONValue.parse(block.text) }
            }
        }
    }

    @Test func `every script that is named can be run`() {
        for document in Self.documents {
            let words = document.text.matches(of: /(?:scripts|\.ci)\/[a-z]+/).map { String($0.output) }
            for script in words {
                #expect(access("\(Self.folder)/\(script)", X_OK) == 0, "\(document.name): \(script)")
            }
        }
    }

    @Test func `CONTRIBUTING shows every script that a developer runs`() throws {
        let shown = try #require(Document("CONTRIBUTING.md").blocks("sh").first).text
        let scripts = filesIn("\(Self.folder)/scripts").filter { !["setup", "serve"].contains($0) }

        for script in scripts { #expect(shown.contains("scripts/\(script)"), "\(script)") }
    }

    @Test func `each target is in the table of parts, and nothing else`() {
        let rows = Self.architecture.rows(under: "Parts and who may import whom").flatMap {
            $0[0].split(separator: "`")
        }
        let shown = Set(
            rows.map(String.init).filter { $0.first?.isLetter == true }.map { $0.replacing("Functions/", with: "") }
        )
        let built = Set(
            Self.package.matches(of: /(?:library|program|systemLibrary)\(\s*(?:name: )?"([A-Za-z]+)"/).map {
                String($0.output.1)
            }
        ).subtracting(filesIn("\(Self.folder)/Tests"))

        #expect(shown.subtracting(["edge"]) == built.subtracting(["edge"]))
        #expect(shown.contains("edge"))
    }

    @Test func `folders of the host that are named are there, and all are named`() throws {
        let text = Self.architecture.text
        let start = try #require(text.firstRange(of: "Folders of `EdgeRuntime`:")).upperBound
        let end = try #require(text[start...].firstRange(of: "\n\n")).lowerBound
        let named = text[start..<end].matches(of: /`([A-Z][a-z]+)`\s\(/).map { String($0.output.1) }
        let folders = filesIn("\(Self.folder)/Sources/EdgeRuntime").filter { !$0.hasSuffix(".swift") }

        #expect(named.sorted() == folders)
    }

    @Test func `every type that is named exists`() {
        let spans =
            Self.architecture.codeSpans
            + Self.architecture.blocks.flatMap { $0.text.matches(of: /[A-Z]\w+/).map { String($0.output) } }
        let names = Set(spans.filter { $0.wholeMatch(of: /[A-Z][a-z]+[A-Z]\w+/) != nil })
        let declared = Self.sources.map(\.text).joined(separator: "\n")

        #expect(names.count > 10)
        for name in names.sorted() {
            let isDeclared = ["class", "struct", "enum", "actor", "protocol", "typealias"].contains {
                declared.contains("\($0) \(name)")
            }
            #expect(isDeclared || fileExists("\(Self.folder)/Sources/\(name)"), "\(name)")
        }
    }

    @Test func `no source imports Foundation, and each C module has one importer`() {
        var importers: [String: Set<String>] = [:]
        for (path, text) in Self.sources where path.contains("/Sources/") {
            for line in text.split(separator: "\n") {
                guard let match = line.wholeMatch(of: /(?:@\w+ )?(?:\w+ )?import (\w+)(?: .*)?/) else { continue }
                let module = String(match.output.1)
                #expect(!module.hasPrefix("Foundation"), "\(path)")
                let target = path.dropFirst(Self.folder.count + "/Sources/".count).prefix { $0 != "/" }
                importers[module, default: []].insert(String(target))
            }
        }
        for module in ["CUV", "CCurl", "CSodium", "CZlib", "CGetopt"] {
            #expect(importers[module]?.count == 1, "\(module)")
        }
    }

    @Test func `the version of the changelog is the one that edge tells`() {
        let version = Self.sources.first { $0.path.hasSuffix("EdgeRuntime/Version.swift") }?.text ?? ""
        let newest = Document("CHANGELOG.md").text.firstMatch(of: /## (\d+\.\d+\.\d+)/)?.output.1 ?? "none"

        #expect(version.contains("\"\(newest)\""))
    }
}
