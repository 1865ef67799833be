package io.finback.security;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Tells from an {@code Authorization} header who asks: {@code Basic} by {@link Credentials}, {@code Bearer} by {@link Tokens}. Thread-safe.
 * Checking a hashed secret takes long by design, so that what was right is remembered, as a keyed digest and until the credentials change.
 */
public final class Authenticator {
    /** What a header says. */
    public sealed interface Outcome {}

    /** It is them. */
    public record Known(Principal principal) implements Outcome {}

    /** There is no header. */
    public enum Nobody implements Outcome {
        INSTANCE
    }

    /** A header that proves nothing; {@code reason} is for the log and has no secret. */
    public record Refused(String reason) implements Outcome {}

    private static final int REMEMBERED = 10_000;
    private static final int MAX_HEADER = 16 * 1024;
    private static final String BASIC = "basic ";

    private final Supplier<Credentials> credentials;
    private final Supplier<Optional<Tokens>> tokens;
    private final SecretKeySpec digestKey;
    private final Map<String, Principal> remembered = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Principal> eldest) {
            return size() > REMEMBERED;
        }
    };
    private Credentials rememberedOf = Credentials.NONE;

    /** Both are asked anew at each header, so that they may change while this is used. */
    public Authenticator(Supplier<Credentials> credentials, Supplier<Optional<Tokens>> tokens) {
        this.credentials = credentials;
        this.tokens = tokens;
        byte[] key = new byte[32];
        new SecureRandom().nextBytes(key);
        this.digestKey = new SecretKeySpec(key, "HmacSHA256");
    }

    /**
     * Tells who asks.
     *
     * @param header the value of {@code Authorization}; empty: there is none
     */
    public Outcome authenticate(Optional<String> header) {
        if (header.isEmpty()) {
            return Nobody.INSTANCE;
        }
        String value = header.get().strip();
        if (value.length() > MAX_HEADER) {
            return new Refused("Authorization: " + value.length() + " characters (expected: <= " + MAX_HEADER + ")");
        }
        int space = value.indexOf(' ');
        String scheme = space < 0 ? value : value.substring(0, space);
        String rest = space < 0 ? "" : value.substring(space + 1).strip();
        if (scheme.equalsIgnoreCase("basic")) {
            return basic(rest);
        }
        if (scheme.equalsIgnoreCase("bearer")) {
            return tokens.get()
                    .flatMap(known -> known.check(rest))
                    .<Outcome>map(Known::new)
                    .orElseGet(() -> new Refused("Bearer: a token that is not valid here"));
        }
        // What Mesosphere's own clients send for the same thing.
        if (value.regionMatches(true, 0, "token=", 0, 6)) {
            return tokens.get()
                    .flatMap(known -> known.check(value.substring(6)))
                    .<Outcome>map(Known::new)
                    .orElseGet(() -> new Refused("token: not valid here"));
        }
        return new Refused("Authorization: a scheme that is not known (expected: Basic or Bearer)");
    }

    /** Who was recognised by the very same header lately; takes microseconds. Empty says nothing: then {@link #authenticate} does. */
    public Optional<Principal> recall(String header) {
        String value = header.strip();
        return isBasic(value) && value.length() <= MAX_HEADER
                ? decode(value.substring(BASIC.length()).strip())
                        .flatMap(pair -> recall(credentials.get(), digest(pair)))
                : Optional.empty();
    }

    /** Whether checking it may take some tenths of a second of a processor: a secret may be kept as a hash; tokens take a thousandth of that. */
    static boolean isBasic(String header) {
        return header.strip().regionMatches(true, 0, BASIC, 0, BASIC.length());
    }

    private static Optional<String> decode(String encoded) {
        try {
            return Optional.of(new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private Outcome basic(String encoded) {
        Optional<String> decoded = decode(encoded);
        if (decoded.isEmpty()) {
            return new Refused("Basic: no Base64");
        }
        String pair = decoded.get();
        int colon = pair.indexOf(':');
        if (colon < 1) {
            return new Refused("Basic: no principal");
        }
        Credentials now = credentials.get();
        String digest = digest(pair);
        Optional<Principal> known = recall(now, digest);
        if (known.isPresent()) {
            return new Known(known.get());
        }
        String name = pair.substring(0, colon);
        Optional<Principal> checked = now.check(name, pair.substring(colon + 1));
        checked.ifPresent(principal -> remember(now, digest, principal));
        return checked.<Outcome>map(Known::new).orElseGet(() -> new Refused("Basic: principal or secret wrong"));
    }

    private synchronized Optional<Principal> recall(Credentials now, String digest) {
        return rememberedOf == now ? Optional.ofNullable(remembered.get(digest)) : Optional.empty();
    }

    private synchronized void remember(Credentials now, String digest, Principal principal) {
        if (rememberedOf != now) {
            remembered.clear();
            rememberedOf = now;
        }
        remembered.put(digest, principal);
    }

    private String digest(String pair) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(digestKey);
            return Base64.getEncoder().encodeToString(mac.doFinal(pair.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HmacSHA256", e);
        }
    }
}
