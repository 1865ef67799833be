package io.finback.controlplane.view;

import java.util.concurrent.CompletableFuture;

/** Breaks a rule of the architecture on purpose (ArchitectureTest). */
public record UsesTheCommonPool(CompletableFuture<String> future) {
    public static UsesTheCommonPool create() {
        return new UsesTheCommonPool(CompletableFuture.supplyAsync(() -> ""));
    }
}
