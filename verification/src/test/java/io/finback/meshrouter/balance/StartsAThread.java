package io.finback.meshrouter.balance;

/** Breaks a rule of the architecture on purpose (ArchitectureTest). */
public record StartsAThread(Thread thread) {}
