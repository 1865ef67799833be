package io.finback.meshrouter.rpc;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Parameters that clients and servers share. */
public final class Common {
    /** What it is called in statistics and errors. */
    public static final Params.Key<String> LABEL = Params.Key.of("label", "");

    public static final Params.Key<StatsReceiver> STATS = Params.Key.of("stats", StatsReceiver.NONE);

    public static final Params.Key<Tracer> TRACER = Params.Key.of("tracer", Tracer.NONE);

    /** What answers mean. */
    public static final Params.Key<Verdict.Classifier<?, ?>> CLASSIFIER =
            Params.Key.of("classifier", Verdict.Classifier.ofFailures());

    /** What becomes of an answer that nobody gets, since the call was made again: of one that still holds a connection, its end. */
    public static final Params.Key<Consumer<@Nullable Object>> DISCARD = Params.Key.of("discard", answer -> {});

    private Common() {}

    /** The classifier of a stack of these types: whoever set it has to know them. */
    @SuppressWarnings("unchecked")
    public static <Q extends @Nullable Object, R extends @Nullable Object> Verdict.Classifier<Q, R> classifier(
            Params params) {
        return (Verdict.Classifier<Q, R>) params.get(CLASSIFIER);
    }
}
