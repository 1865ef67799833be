package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.resilience.Backoff;
import io.finback.meshrouter.resilience.GrpcClassifier;
import io.finback.meshrouter.resilience.ResponseClassifier;
import io.finback.meshrouter.resilience.RetryBudget;
import io.finback.meshrouter.traffic.ServicePolicy;
import io.finback.meshrouter.traffic.StreamRetries;
import java.time.Duration;
import java.util.Optional;

/** A service's settings while they are put together; begins with Linkerd's defaults. */
final class ServiceDraft {
    ResponseClassifier classifier = ResponseClassifier.NON_RETRYABLE_5XX;
    Optional<GrpcClassifier> grpc = Optional.empty();
    StreamRetries streams;
    RetryBudget.Spec retries = RetryBudget.Spec.DEFAULT;
    Backoff backoff = new Backoff.Constant(Duration.ZERO);
    Optional<Duration> totalTimeout = Optional.empty();

    ServiceDraft(StreamRetries streams) {
        this.streams = streams;
    }

    ServicePolicy policy() {
        return new ServicePolicy(classifier, grpc, streams, retries, backoff, totalTimeout);
    }
}
