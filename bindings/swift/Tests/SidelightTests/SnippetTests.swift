import Foundation
import Sidelight
import Testing

extension Everything {
    @Suite struct SnippetTests {
        /// Each piece of Swift in the documents stands, line by line, in code that is compiled
        /// here.
        @Test func everySnippetInTheDocumentsIsCompiled() throws {
            let package = URL(filePath: #filePath)
                .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            let compiled = lines(
                try read(package.appending(path: "Tests/SidelightTests/Snippets.swift")))
            var documents = [package.appending(path: "README.md")]
            let catalogue = package.appending(path: "Sources/Sidelight/Sidelight.docc")
            documents += try FileManager.default
                .contentsOfDirectory(at: catalogue, includingPropertiesForKeys: nil)
                .filter { $0.pathExtension == "md" }
            var found = 0
            for document in documents {
                for snippet in snippets(of: try read(document)) {
                    found += 1
                    #expect(
                        contains(compiled, snippet),
                        "\(document.lastPathComponent):\n\(snippet.joined(separator: "\n"))")
                }
            }
            #expect(found >= 9)
        }

        private func read(_ file: URL) throws -> String {
            try String(contentsOf: file, encoding: .utf8)
        }

        private func lines(_ text: String) -> [String] {
            text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        }

        private func snippets(of document: String) -> [[String]] {
            document.components(separatedBy: "```swift\n").dropFirst().map {
                lines($0.components(separatedBy: "```")[0])
            }
        }

        private func contains(_ lines: [String], _ part: [String]) -> Bool {
            lines.indices.contains { start in lines[start...].starts(with: part) }
        }
    }
}
