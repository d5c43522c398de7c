package benchmarks;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DateLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.EnumLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.Float16LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.IntLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.JsonLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.StringLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.UUIDLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;

/**
 * Converts a value of a Parquet file by its logical type: numbers exactly, dates and times in ISO 8601 format, NaN to null. A value of an
 * unsupported type (bytes such as pictures, intervals) becomes an object that names the type, so that such a column is rejected where text
 * is needed and ignored elsewhere.
 */
final class ParquetValue {

    private ParquetValue() {}

    static JsonElement of(Group group, int field, int index) throws IOException {
        PrimitiveType type = group.getType().getType(field).asPrimitiveType();
        LogicalTypeAnnotation meaning = type.getLogicalTypeAnnotation();
        JsonElement value = switch (type.getPrimitiveTypeName()) {
            case BOOLEAN -> meaning == null ? new JsonPrimitive(group.getBoolean(field, index)) : null;
            case FLOAT -> meaning == null ? number(group.getFloat(field, index)) : null;
            case DOUBLE -> meaning == null ? number(group.getDouble(field, index)) : null;
            case INT32 -> {
                int bits = group.getInteger(field, index);
                yield meaning instanceof IntLogicalTypeAnnotation whole && !whole.isSigned()
                        ? new JsonPrimitive(Integer.toUnsignedLong(bits)) : integer(bits, meaning);
            }
            case INT64 -> {
                long bits = group.getLong(field, index);
                yield meaning instanceof IntLogicalTypeAnnotation whole && !whole.isSigned()
                        ? new JsonPrimitive(new BigInteger(Long.toUnsignedString(bits))) : integer(bits, meaning);
            }
            case BINARY, FIXED_LEN_BYTE_ARRAY -> bytes(group.getBinary(field, index), meaning);
            case INT96 -> null;
        };
        if (value == null) {
            JsonObject unknown = new JsonObject();
            unknown.addProperty("Parquet type", type.getPrimitiveTypeName()
                    + (meaning == null ? " without a logical type" : " as " + meaning));
            return unknown;
        }
        return value;
    }

    private static JsonElement number(Number number) {
        return Double.isNaN(number.doubleValue()) ? JsonNull.INSTANCE : new JsonPrimitive(number);
    }

    /** Returns a signed integer, or the value it represents; null if that is unknown. */
    private static JsonElement integer(long value, LogicalTypeAnnotation meaning) throws IOException {
        if (meaning == null || meaning instanceof IntLogicalTypeAnnotation) {
            return new JsonPrimitive(value);
        }
        if (meaning instanceof DecimalLogicalTypeAnnotation decimal) {
            return decimal(BigInteger.valueOf(value), decimal);
        }
        if (meaning instanceof DateLogicalTypeAnnotation) {
            return new JsonPrimitive(LocalDate.ofEpochDay(value).toString());
        }
        if (meaning instanceof TimeLogicalTypeAnnotation time) {
            long nanos = unit(time.getUnit()).getDuration().toNanos();
            if (value < 0 || value >= 86_400_000_000_000L / nanos) {
                throw new IOException("a time of day beyond 24 hours");
            }
            return new JsonPrimitive(LocalTime.ofNanoOfDay(value * nanos).toString());
        }
        if (meaning instanceof TimestampLogicalTypeAnnotation timestamp) {
            Instant instant = Instant.EPOCH.plus(value, unit(timestamp.getUnit()));
            return new JsonPrimitive(timestamp.isAdjustedToUTC() ? instant.toString()
                    : instant.atOffset(ZoneOffset.UTC).toLocalDateTime().toString());
        }
        return null;
    }

    private static ChronoUnit unit(LogicalTypeAnnotation.TimeUnit unit) {
        return switch (unit) {
            case MILLIS -> ChronoUnit.MILLIS;
            case MICROS -> ChronoUnit.MICROS;
            case NANOS -> ChronoUnit.NANOS;
        };
    }

    /** Returns the value that bytes represent; null if that is unknown. */
    private static JsonElement bytes(Binary binary, LogicalTypeAnnotation meaning) throws IOException {
        ByteBuffer bytes = binary.toByteBuffer().slice();
        if (meaning instanceof StringLogicalTypeAnnotation || meaning instanceof EnumLogicalTypeAnnotation
                || meaning instanceof JsonLogicalTypeAnnotation) {
            try {
                return new JsonPrimitive(StandardCharsets.UTF_8.newDecoder().decode(bytes).toString());
            } catch (CharacterCodingException e) {
                throw new IOException("a text is not UTF-8", e);
            }
        }
        if (meaning instanceof DecimalLogicalTypeAnnotation decimal && bytes.hasRemaining()) {
            return decimal(new BigInteger(binary.getBytes()), decimal);
        }
        if (meaning instanceof Float16LogicalTypeAnnotation && bytes.remaining() == 2) {
            return number(half(bytes.order(ByteOrder.LITTLE_ENDIAN).getShort()));
        }
        if (meaning instanceof UUIDLogicalTypeAnnotation && bytes.remaining() == 16) {
            return new JsonPrimitive(new UUID(bytes.getLong(), bytes.getLong()).toString());
        }
        return null;
    }

    /** Returns the decimal number of unscaled digits: 1250 with scale 2 is 12.50, and 1200 is 12. */
    private static JsonElement decimal(BigInteger digits, DecimalLogicalTypeAnnotation type) {
        BigDecimal value = new BigDecimal(digits, type.getScale());
        return value.stripTrailingZeros().scale() <= 0 ? new JsonPrimitive(value.toBigInteger()) : new JsonPrimitive(value.toPlainString());
    }

    /** IEEE 754 binary16: a sign, five bits of exponent, ten of fraction. */
    private static float half(short bits) {
        int exponent = bits >> 10 & 31;
        int fraction = bits & 1023;
        float size = exponent == 31 ? fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN
                : exponent == 0 ? Math.scalb((float) fraction, -24) : Math.scalb((float) (1024 + fraction), exponent - 25);
        return bits < 0 ? -size : size;
    }
}
