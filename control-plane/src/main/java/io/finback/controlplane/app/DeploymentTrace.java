package io.finback.controlplane.app;

import io.finback.tracing.Span;
import io.finback.tracing.SpanIds;
import io.finback.tracing.Tracing;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The trace of one deployment. All its ids follow from the deployment's id, so that the deployment, its apps and the API, each on another
 * master and after any failover, tell parts of one picture without a word to each other.
 */
public final class DeploymentTrace {
    private final Tracing tracing;
    private final String deployment;
    private final SpanIds root;

    private DeploymentTrace(Tracing tracing, String deployment, SpanIds root) {
        this.tracing = tracing;
        this.deployment = deployment;
        this.root = root;
    }

    /** Empty while tracing is off, and of deployments that are not kept. */
    public static Optional<DeploymentTrace> of(Tracing tracing, String deployment) {
        if (!tracing.isOn()) {
            return Optional.empty();
        }
        SpanIds root = root(deployment);
        return tracing.deployments().samples(root.traceId())
                ? Optional.of(new DeploymentTrace(tracing, deployment, root))
                : Optional.empty();
    }

    /** The deployment's own span, which everything else is part of. */
    public static SpanIds root(String deployment) {
        byte[] hash = hash(deployment);
        ByteBuffer in = ByteBuffer.wrap(hash);
        return new SpanIds(some(in.getLong()), some(in.getLong()), some(in.getLong()), 0, SpanIds.Sampling.YES);
    }

    public SpanIds root() {
        return root;
    }

    /** {@code what} is its name among the deployment's parts. */
    public SpanIds child(String what) {
        return child(root, what);
    }

    public SpanIds step(int step) {
        return child("step/" + step);
    }

    SpanIds child(SpanIds parent, String what) {
        long id = some(ByteBuffer.wrap(hash(deployment + "/" + parent.spanIdHex() + "/" + what))
                .getLong());
        return new SpanIds(root.traceIdHigh(), root.traceId(), id, parent.spanId(), SpanIds.Sampling.YES);
    }

    /** Has happened. {@code error} is empty when it went well. */
    public void tell(SpanIds ids, String name, Instant from, long nanos, String error, Map<String, String> attributes) {
        Map<String, String> all = new HashMap<>(attributes);
        all.put("finback.deployment_id", deployment);
        tracing.take(new Span(
                ids,
                Span.Kind.INTERNAL,
                name,
                from.getEpochSecond() * 1_000_000_000L + from.getNano(),
                Math.max(0, nanos),
                "",
                error,
                all));
    }

    /** Has happened, until {@code to}. */
    public void tell(SpanIds ids, String name, Instant from, Instant to, String error, Map<String, String> attributes) {
        tell(ids, name, from, Duration.between(from, to).toNanos(), error, attributes);
    }

    private static long some(long id) {
        return id == 0 ? 1 : id;
    }

    private static byte[] hash(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
