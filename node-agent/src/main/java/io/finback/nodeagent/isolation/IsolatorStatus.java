package io.finback.nodeagent.isolation;

/**
 * Whether an isolator is on.
 *
 * @param detail what it does here, or why it does nothing; for people
 */
public record IsolatorStatus(Isolator isolator, boolean on, String detail) {}
