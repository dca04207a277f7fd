// The same diary on a phone. NOT BUILT here: it wants Xcode. Everything but what is shown is in
// DiaryModel, which is.

import DiaryModel
import Sidelight
import SwiftUI

@main struct DiaryApp: App {
    @State private var diary: DiaryModel?
    @State private var problem: String?
    @Environment(\.scenePhase) private var phase

    var body: some Scene {
        WindowGroup {
            Group {
                if let diary {
                    DiaryView(diary: diary)
                } else {
                    Text(problem ?? "Opening…")
                }
            }
            .task { await open() }
            .onChange(of: phase) { _, phase in
                Task {
                    switch phase {
                    case .background: await diary?.suspend()
                    case .active: await diary?.resume()
                    default: break
                    }
                }
            }
        }
    }

    private func open() async {
        let folder = URL.applicationSupportDirectory.appending(path: "diary")
        let keys = KeychainKeyStore(service: "org.example.diary")
        do {
            diary = try await DiaryModel.open(
                in: folder, keys: keys, beginning: NewPerson(name: "Me"))
        } catch {
            problem = error.detail
        }
    }
}

struct DiaryView: View {
    let diary: DiaryModel
    @State private var text = ""
    @State private var shared = false

    var body: some View {
        NavigationStack {
            List {
                Section {
                    TextField("What is on your mind?", text: $text, axis: .vertical)
                    Toggle("For both", isOn: $shared)
                    Button("Keep") { keep() }.disabled(text.isEmpty)
                }
                if let problem = diary.problem {
                    Text(problem).foregroundStyle(.secondary)
                }
                if let pairing = diary.pairing, pairing.stage == .compare {
                    Section("Do both of you see these?") {
                        Text(pairing.comparison.map(\.symbol).joined(separator: " "))
                        Button("The same") { answer(true) }
                        Button("Not the same", role: .destructive) { answer(false) }
                    }
                }
                ForEach(diary.entries) { entry in
                    VStack(alignment: .leading) {
                        Text(entry.text)
                        Text("\(entry.date.description), \(entry.authorName)").font(.caption)
                    }
                }
            }
            .navigationTitle("Diary")
            .refreshable { await diary.telling { () async throws(JournalError) in _ = try await diary.sync() } }
            .task { await diary.keepUpToDate() }
        }
    }

    private func keep() {
        let (words, both) = (text, shared)
        text = ""
        Task {
            await diary.telling { () async throws(JournalError) in
                try await diary.write(words, shared: both)
            }
        }
    }

    private func answer(_ same: Bool) {
        Task {
            await diary.telling { () async throws(JournalError) in
                try await diary.confirm(same: same)
            }
        }
    }
}
