package io.finback.nodeagent.containerizer;

/**
 * Whether a containerizer can run anything now.
 *
 * @param available whether it could the last time it was tried
 * @param text how it works, or why it does not; for people
 */
public record Standing(boolean available, String text) {}
