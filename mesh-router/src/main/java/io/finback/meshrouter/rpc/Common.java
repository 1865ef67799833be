package io.finback.meshrouter.rpc;

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

    private Common() {}

    /** The classifier of a stack of these types: whoever set it has to know them. */
    @SuppressWarnings("unchecked")
    public static <Q extends @Nullable Object, R extends @Nullable Object> Verdict.Classifier<Q, R> classifier(
            Params params) {
        return (Verdict.Classifier<Q, R>) params.get(CLASSIFIER);
    }
}
