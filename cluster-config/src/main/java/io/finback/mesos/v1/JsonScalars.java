package io.finback.mesos.v1;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Base64;
import java.util.Locale;

/** Numbers, truth values, text and bytes of Mesos' JSON. Numbers and truth values may stand in quotes. */
final class JsonScalars {
    private static final BigInteger UNSIGNED_LONG_MAX =
            BigInteger.ONE.shiftLeft(Long.SIZE).subtract(BigInteger.ONE);
    private static final long UNSIGNED_INT_MAX = 0xFFFF_FFFFL;
    /** No number of a message needs more; a longer one would only cost time. */
    private static final int MAX_DIGITS = 400;

    private JsonScalars() {}

    static Object read(JsonReader reader, JsonParser in, FieldDescriptor field)
            throws IOException, BadMessageException {
        return switch (field.getJavaType()) {
            case STRING -> text(reader, in, "a string");
            case BYTE_STRING -> bytes(reader, in);
            case BOOLEAN -> truth(reader, in);
            case DOUBLE -> real(reader, in);
            case FLOAT -> (float) real(reader, in);
            default -> whole(reader, in, field);
        };
    }

    private static String text(JsonReader reader, JsonParser in, String expected)
            throws IOException, BadMessageException {
        if (in.currentToken() != JsonToken.VALUE_STRING) {
            throw reader.expected(expected);
        }
        return in.getText();
    }

    private static ByteString bytes(JsonReader reader, JsonParser in) throws IOException, BadMessageException {
        String text = text(reader, in, "base64 in a string");
        try {
            return ByteString.copyFrom(Base64.getDecoder().decode(text));
        } catch (IllegalArgumentException e) {
            throw reader.expected("base64 in a string");
        }
    }

    private static boolean truth(JsonReader reader, JsonParser in) throws IOException, BadMessageException {
        String text = in.currentToken() == JsonToken.VALUE_STRING
                        || in.currentToken() == JsonToken.VALUE_TRUE
                        || in.currentToken() == JsonToken.VALUE_FALSE
                ? in.getText()
                : "";
        if (!text.equals("true") && !text.equals("false")) {
            throw reader.expected("true or false");
        }
        return text.equals("true");
    }

    private static double real(JsonReader reader, JsonParser in) throws IOException, BadMessageException {
        String digits = digits(reader, in, "a number");
        if (digits.equals("Infinity")) {
            return Double.POSITIVE_INFINITY;
        }
        if (digits.equals("-Infinity")) {
            return Double.NEGATIVE_INFINITY;
        }
        try {
            double value = new BigDecimal(digits).doubleValue();
            if (Double.isFinite(value)) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Said below, like one out of range.
        }
        throw reader.expected("a number");
    }

    private static Object whole(JsonReader reader, JsonParser in, FieldDescriptor field)
            throws IOException, BadMessageException {
        String expected =
                "a whole number in the range of " + field.getType().name().toLowerCase(Locale.ROOT);
        try {
            BigDecimal number = new BigDecimal(digits(reader, in, expected));
            // The exponent of 1e999999999 must not be written out.
            if (Math.abs((long) number.scale()) > MAX_DIGITS) {
                throw reader.expected(expected);
            }
            return inRange(number.toBigIntegerExact(), field);
        } catch (ArithmeticException | NumberFormatException e) {
            throw reader.expected(expected);
        }
    }

    private static Object inRange(BigInteger value, FieldDescriptor field) {
        return switch (field.getType()) {
            case UINT32, FIXED32 -> unsignedInt(value.longValueExact());
            case UINT64, FIXED64 -> unsignedLong(value);
            case INT32, SINT32, SFIXED32 -> value.intValueExact();
            default -> value.longValueExact();
        };
    }

    private static int unsignedInt(long value) {
        if (value < 0 || value > UNSIGNED_INT_MAX) {
            throw new ArithmeticException("out of range");
        }
        return (int) value;
    }

    private static long unsignedLong(BigInteger value) {
        if (value.signum() < 0 || value.compareTo(UNSIGNED_LONG_MAX) > 0) {
            throw new ArithmeticException("out of range");
        }
        return value.longValue();
    }

    private static String digits(JsonReader reader, JsonParser in, String expected)
            throws IOException, BadMessageException {
        boolean number = in.currentToken() == JsonToken.VALUE_NUMBER_INT
                || in.currentToken() == JsonToken.VALUE_NUMBER_FLOAT
                || in.currentToken() == JsonToken.VALUE_STRING;
        if (!number || in.getTextLength() > MAX_DIGITS) {
            throw reader.expected(expected);
        }
        return in.getText();
    }
}
