package io.finback.nodeagent.node;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * How executors reach the agent API and prove who they are. A token is the framework's and the executor's id under a key that only this agent has: nothing
 * is kept for it, and it holds over a restart of the agent. Source of the variables' names: Mesos ({@code
 * docs/authentication.md}, {@code docs/ssl.md}). Thread-safe.
 */
public final class ExecutorDoor {
    /** Nobody needs a token, and the API speaks plain HTTP. */
    public static final ExecutorDoor OPEN = new ExecutorDoor(Optional.empty(), Map.of());

    private static final String SCHEME = "Bearer ";

    private final Optional<SecretKeySpec> key;
    private final Map<String, String> tls;

    private ExecutorDoor(Optional<SecretKeySpec> key, Map<String, String> tls) {
        this.key = key;
        this.tls = Map.copyOf(tls);
    }

    /**
     * Asks for tokens under a key, or nobody.
     *
     * @param key of this agent, 32 bytes; empty: executors are not asked
     * @param tls what an executor's environment needs to speak TLS with the agent
     */
    public static ExecutorDoor of(Optional<byte[]> key, Map<String, String> tls) {
        return new ExecutorDoor(key.map(bytes -> new SecretKeySpec(bytes, "HmacSHA256")), tls);
    }

    Map<String, String> environment(String framework, String executor) {
        Map<String, String> more = new HashMap<>(tls);
        key.ifPresent(
                secret -> more.put("MESOS_EXECUTOR_AUTHENTICATION_TOKEN", token(secret, framework, executor)));
        return more;
    }

    /** Whether a call in the name of this executor, with this {@code Authorization}, comes from it. */
    public boolean admits(String framework, String executor, Optional<String> authorization) {
        if (key.isEmpty()) {
            return true;
        }
        byte[] expected = (SCHEME + token(key.get(), framework, executor)).getBytes(StandardCharsets.UTF_8);
        return authorization
                .map(given -> MessageDigest.isEqual(expected, given.getBytes(StandardCharsets.UTF_8)))
                .orElse(false);
    }

    private static String token(SecretKeySpec key, String framework, String executor) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            // Neither id can hold a zero.
            byte[] signed = mac.doFinal((framework + '\0' + executor).getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(signed);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HmacSHA256", e);
        }
    }
}
