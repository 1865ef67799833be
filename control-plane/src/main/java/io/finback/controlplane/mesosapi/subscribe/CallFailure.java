package io.finback.controlplane.mesosapi.subscribe;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A call that ends with a status other than success. Mesos answers text. */
final class CallFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;

    CallFailure(int status, String message) {
        super(message, null, false, false);
        this.status = status;
    }

    int status() {
        return status;
    }

    String text() {
        return String.valueOf(getMessage());
    }

    <T> CompletionStage<T> stage() {
        return CompletableFuture.failedFuture(this);
    }
}
