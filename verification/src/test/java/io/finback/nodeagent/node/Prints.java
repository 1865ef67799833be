package io.finback.nodeagent.node;

/** Breaks a rule of the architecture on purpose (ArchitectureTest). */
public record Prints(String text) {
    public void print() {
        System.out.println(text);
    }
}
