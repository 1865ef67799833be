package io.finback.controlplane.mesosapi.subscribe;

import akka.NotUsed;
import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.ResponseEntity;
import akka.japi.Pair;
import akka.stream.BoundedSourceQueue;
import akka.stream.Materializer;
import akka.stream.QueueOfferResult;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import io.finback.mesos.v1.Encoding;
import io.finback.mesos.v1.RecordIo;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.mesos.v1.scheduler.Protos.Event;

/**
 * Events on their way to one subscriber: RecordIO, bounded in number and bytes. A subscriber that reads slower than it is told, up to the
 * bound, is disconnected; nobody waits for it. One writer, one reader.
 */
final class EventBuffer {
    /** Small events are sent together when the connection is behind. */
    private static final long CHUNK_BYTES = 64 * 1024;

    private final BoundedSourceQueue<ByteString> queue;
    private final Source<ByteString, NotUsed> source;
    private final CompletableFuture<Void> started = new CompletableFuture<>();
    private final CompletableFuture<Void> finished = new CompletableFuture<>();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicInteger events = new AtomicInteger();
    private final long maxBytes;
    private final StreamCounters counters;

    EventBuffer(SchedulerApiSettings settings, StreamCounters counters, Materializer materializer) {
        this.maxBytes = settings.bufferBytes();
        this.counters = counters;
        Pair<BoundedSourceQueue<ByteString>, Source<ByteString, NotUsed>> made =
                Source.<ByteString>queue(settings.bufferEvents()).preMaterialize(materializer);
        this.queue = made.first();
        this.source = made.second()
                .map(this::taken)
                .batchWeighted(CHUNK_BYTES, chunk -> (long) chunk.size(), chunk -> chunk, ByteString::concat)
                .watchTermination((before, done) -> {
                    done.whenComplete((how, failure) -> finished.complete(null));
                    return before;
                });
    }

    /** Takes one event; false: the subscriber is too far behind, or gone, and the stream is broken off. */
    boolean offer(Event event, Encoding encoding) {
        ByteString record = ByteString.fromArrayUnsafe(RecordIo.frame(encoding.write(event)));
        long waiting = bytes.addAndGet(record.size());
        events.incrementAndGet();
        boolean room = waiting <= maxBytes && queue.offer(record) == QueueOfferResult.enqueued();
        if (room) {
            counters.event(event.getType());
        } else {
            if (!finished.isDone()) {
                counters.tooSlow();
            }
            end(() -> queue.fail(new SlowSubscriber()));
        }
        started.complete(null);
        return room;
    }

    /** No more events; what is in the buffer still goes out. */
    void complete() {
        closed.complete(null);
        if (!started.isDone()) {
            started.completeExceptionally(new CallFailure(503, "The framework did not answer in time; try again"));
        }
        if (!finished.isDone()) {
            end(queue::complete);
        }
    }

    private static void end(Runnable how) {
        try {
            how.run();
        } catch (IllegalStateException over) {
            // It has ended already: it was broken off, or the connection was quicker.
        }
    }

    /** Completes with the first event; fails if there will be none. */
    CompletionStage<Void> started() {
        return started;
    }

    /** Completes when the stream has ended, on either side. */
    CompletionStage<Void> finished() {
        return finished;
    }

    /** Completes when nobody will write any more. */
    CompletionStage<Void> closed() {
        return closed;
    }

    ResponseEntity entity(ContentType type) {
        return HttpEntities.createChunked(type, source);
    }

    int events() {
        return events.get();
    }

    long bytes() {
        return bytes.get();
    }

    private ByteString taken(ByteString record) {
        bytes.addAndGet(-record.size());
        events.decrementAndGet();
        return record;
    }

    /** Breaks the connection off, as nothing could be said on it any more. */
    private static final class SlowSubscriber extends RuntimeException {
        private static final long serialVersionUID = 1L;

        SlowSubscriber() {
            super("the subscriber does not read", null, false, false);
        }
    }
}
