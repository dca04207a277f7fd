import SidelightCore

/// A journal's events from the moment when ``Journal/events()`` was called.
///
/// Each sequence has all of them; several loops over the *same* sequence share them. It ends when
/// the journal is shut down, and for a loop whose task is cancelled. One that nobody reads holds
/// 1,024 and then forgets the others, which `Event.lagged` says.
public struct Events: AsyncSequence, Sendable {
    let stream: EventStream

    public func makeAsyncIterator() -> Iterator {
        Iterator(stream: stream)
    }

    /// Pulls events.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        let stream: EventStream

        /// Waits for the next event; none once the journal is shut down or the task cancelled.
        public mutating func next() async -> Event? {
            let stream = stream
            return await withTaskCancellationHandler {
                await stream.nextEvent()
            } onCancel: {
                stream.stop()
            }
        }
    }
}
