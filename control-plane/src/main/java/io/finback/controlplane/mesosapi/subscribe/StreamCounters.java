package io.finback.controlplane.mesosapi.subscribe;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.apache.mesos.v1.scheduler.Protos.Call;
import org.apache.mesos.v1.scheduler.Protos.Event;

/** What the scheduler API has done on this master since its start. Thread-safe. */
public final class StreamCounters {
    private final Map<Call.Type, LongAdder> calls = new EnumMap<>(Call.Type.class);
    private final Map<Event.Type, LongAdder> events = new EnumMap<>(Event.Type.class);
    private final LongAdder refused = new LongAdder();
    private final LongAdder tooSlow = new LongAdder();
    private final AtomicInteger streams = new AtomicInteger();

    StreamCounters() {
        for (Call.Type type : Call.Type.values()) {
            calls.put(type, new LongAdder());
        }
        for (Event.Type type : Event.Type.values()) {
            events.put(type, new LongAdder());
        }
    }

    void call(Call.Type type) {
        adder(calls, type).increment();
    }

    void event(Event.Type type) {
        adder(events, type).increment();
    }

    void refused() {
        refused.increment();
    }

    void tooSlow() {
        tooSlow.increment();
    }

    /** One stream more, unless there are {@code max}. */
    boolean open(int max) {
        if (streams.incrementAndGet() > max) {
            streams.decrementAndGet();
            return false;
        }
        return true;
    }

    void closed() {
        streams.decrementAndGet();
    }

    private static <E extends Enum<E>> LongAdder adder(Map<E, LongAdder> adders, E type) {
        return adders.computeIfAbsent(type, missing -> new LongAdder());
    }

    /** In Prometheus' text format; names and meaning are in {@code docs/metrics.md}. */
    public String prometheus() {
        StringBuilder text = new StringBuilder();
        text.append("# TYPE finback_scheduler_api_streams gauge\nfinback_scheduler_api_streams ")
                .append(streams.get())
                .append('\n');
        text.append("# TYPE finback_scheduler_api_calls_total counter\n");
        calls.forEach((type, count) -> line(text, "finback_scheduler_api_calls_total", type, count));
        text.append("# TYPE finback_scheduler_api_events_total counter\n");
        events.forEach((type, count) -> line(text, "finback_scheduler_api_events_total", type, count));
        text.append("# TYPE finback_scheduler_api_refused_total counter\nfinback_scheduler_api_refused_total ")
                .append(refused.sum())
                .append('\n');
        text.append("# TYPE finback_scheduler_api_slow_subscribers_total counter\n")
                .append("finback_scheduler_api_slow_subscribers_total ")
                .append(tooSlow.sum())
                .append('\n');
        return text.toString();
    }

    private static void line(StringBuilder text, String name, Enum<?> type, LongAdder count) {
        text.append(name)
                .append("{type=\"")
                .append(type.name())
                .append("\"} ")
                .append(count.sum())
                .append('\n');
    }
}
