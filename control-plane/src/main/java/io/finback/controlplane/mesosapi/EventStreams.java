package io.finback.controlplane.mesosapi;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import akka.stream.KillSwitch;
import akka.stream.KillSwitches;
import akka.stream.UniqueKillSwitch;
import akka.stream.javadsl.Keep;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.SeenBy;
import io.finback.mesos.v1.Encoding;
import io.finback.security.Guard;
import io.finback.security.Principal;
import io.finback.security.Sight;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The operator API's {@code SUBSCRIBE}: a snapshot, then what happens. Every event says where it stands ({@value #FIELD}, unknown to
 * Mesos' clients), as {@code <stream>:<number>}; the stream is that of one start of one master. Who comes back to the same master with the
 * last place it knows, in the header {@value #HEADER}, goes on from there without a snapshot while the master still has what
 * followed; everybody else gets a snapshot. Thread-safe.
 */
final class EventStreams {
    static final String HEADER = "Finback-Event-Sequence";
    static final String FIELD = "finback_sequence";
    /** Beyond every number Mesos uses in {@code Event}. */
    static final int FIELD_NUMBER = 10_001;

    static final double HEARTBEAT_SECONDS = 15;

    private final ClusterApiParts parts;
    private final Reads reads;
    private final Map<Encoding, Rendering> snapshots = new EnumMap<>(Encoding.class);
    private final Map<Encoding, EventBodies> events = new EnumMap<>(Encoding.class);
    private final Map<Long, KillSwitch> subscribers = new LinkedHashMap<>();
    private final AtomicLong ids = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();

    EventStreams(ClusterApiParts parts, Reads reads) {
        this.parts = parts;
        this.reads = reads;
        for (Encoding encoding : Encoding.values()) {
            StateBodies bodies = new StateBodies(encoding);
            snapshots.put(encoding, reads.rendering(bodies::state));
            events.put(encoding, new EventBodies(encoding));
        }
    }

    /** Those that follow now. */
    int count() {
        synchronized (subscribers) {
            return subscribers.size();
        }
    }

    /** Those that were too slow, or were evicted for a new one. */
    long dropped() {
        return dropped.get();
    }

    CompletionStage<HttpResponse> subscribe(HttpRequest request, Encoding encoding) {
        reads.checkWhole();
        EventBodies bodies = bodies(encoding);
        Optional<Principal> who = Guard.principal(request);
        Optional<Long> place = place(request);
        if (place.isPresent()) {
            Rope subscribed = bodies.subscribed(Optional.empty(), cursor(place.get()));
            return ClusterApi.now(stream(subscribed, place.get(), encoding, who));
        }
        Sight sight = reads.sight(who);
        if (!SeenBy.isWhole(sight)) {
            ClusterSnapshot view = reads.whole();
            return reads.run(() -> {
                Rope state = new StateBodies(encoding).state(new SeenBy(sight).snapshot(view));
                Rope subscribed = bodies.subscribed(Optional.of(state), cursor(view.sequence()));
                return stream(subscribed, view.sequence(), encoding, who);
            });
        }
        Rendering snapshot = snapshots.get(encoding);
        if (snapshot == null) {
            throw new IllegalStateException("encoding: " + encoding);
        }
        return snapshot.latest().thenApply(written -> {
            long at = written.snapshot().sequence();
            return stream(bodies.subscribed(Optional.of(written.rope()), cursor(at)), at, encoding, who);
        });
    }

    private HttpResponse stream(Rope first, long at, Encoding encoding, Optional<Principal> who) {
        long id = ids.incrementAndGet();
        EventBodies bodies = bodies(encoding);
        SeenEvents seen = new SeenEvents(() -> reads.sight(who), parts.view(), bodies, this::cursor);
        EventSource source = new EventSource(
                EventBodies.record(first), parts.events(), at, seen::write, bodies.heartbeat(), () -> ended(id, true));
        Source<ByteString, UniqueKillSwitch> records =
                Source.fromGraph(source).viaMat(KillSwitches.single(), Keep.right());
        Source<ByteString, UniqueKillSwitch> counted = records.watchTermination((killSwitch, done) -> {
            admit(id, killSwitch);
            var unused = done.whenComplete((end, failure) -> ended(id, false));
            return killSwitch;
        });
        return HttpResponse.create()
                .addHeader(RawHeader.create(HEADER, cursor(at)))
                .withEntity(HttpEntities.createChunked(ContentTypes.parse(encoding.mediaType()), counted));
    }

    private void admit(long id, KillSwitch killSwitch) {
        Optional<KillSwitch> evicted = Optional.empty();
        synchronized (subscribers) {
            subscribers.put(id, killSwitch);
            if (subscribers.size() > parts.settings().maxSubscribers()) {
                long oldest = subscribers.keySet().iterator().next();
                evicted = Optional.ofNullable(subscribers.remove(oldest));
            }
        }
        evicted.ifPresent(other -> {
            dropped.incrementAndGet();
            other.shutdown();
        });
    }

    private void ended(long id, boolean tooSlow) {
        synchronized (subscribers) {
            if (subscribers.remove(id) != null && tooSlow) {
                dropped.incrementAndGet();
            }
        }
    }

    /** Where to go on; empty: with a snapshot. What is no place at all is refused. */
    private Optional<Long> place(HttpRequest request) {
        Optional<String> said = request.getHeader(HEADER).map(header -> header.value());
        if (said.isEmpty()) {
            return Optional.empty();
        }
        int colon = said.get().lastIndexOf(':');
        try {
            long number = Long.parseLong(said.get().substring(colon + 1));
            boolean mine = colon > 0
                    && said.get().substring(0, colon).equals(parts.self().get().id());
            return mine && parts.events().after(number, 1).isPresent() ? Optional.of(number) : Optional.empty();
        } catch (NumberFormatException e) {
            throw ApiFailure.badRequest(
                    HEADER + ": " + said.get() + " (expected: what an event said in " + FIELD + ")");
        }
    }

    private String cursor(long number) {
        return parts.self().get().id() + ":" + number;
    }

    private EventBodies bodies(Encoding encoding) {
        EventBodies bodies = events.get(encoding);
        if (bodies == null) {
            throw new IllegalStateException("encoding: " + encoding);
        }
        return bodies;
    }
}
