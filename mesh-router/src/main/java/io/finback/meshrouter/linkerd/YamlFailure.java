package io.finback.meshrouter.linkerd;

/** A configuration that cannot be run. The message names the line, the key, the value and what was expected. */
public final class YamlFailure extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    YamlFailure(String message) {
        super(message);
    }

    YamlFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
