package lppo.files;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/** The rows of an Apache Parquet file as JSON objects; bytes that are no text, like pictures, become their length. */
final class ParquetRows {

    private ParquetRows() {}

    static List<JsonObject> read(Path file) throws IOException {
        List<JsonObject> rows = new ArrayList<>();
        try (ParquetFileReader reader = ParquetFileReader.open(new LocalInputFile(file))) {
            MessageType schema = reader.getFileMetaData().getSchema();
            MessageColumnIO columns = new ColumnIOFactory().getColumnIO(schema);
            for (PageReadStore pages = reader.readNextRowGroup(); pages != null; pages = reader.readNextRowGroup()) {
                RecordReader<Group> records = columns.getRecordReader(pages, new GroupRecordConverter(schema));
                for (long i = 0; i < pages.getRowCount(); i++) {
                    rows.add(object(records.read()));
                }
            }
        }
        return rows;
    }

    private static JsonObject object(Group group) {
        JsonObject object = new JsonObject();
        for (int field = 0; field < group.getType().getFieldCount(); field++) {
            Type type = group.getType().getType(field);
            object.add(type.getName(), type.isRepetition(Type.Repetition.REPEATED) ? repeated(group, field)
                    : group.getFieldRepetitionCount(field) == 0 ? JsonNull.INSTANCE : value(group, field, 0));
        }
        return object;
    }

    private static JsonElement value(Group group, int field, int index) {
        Type type = group.getType().getType(field);
        LogicalTypeAnnotation meaning = type.getLogicalTypeAnnotation();
        if (!type.isPrimitive()) {
            Group inner = group.getGroup(field, index);
            return meaning instanceof LogicalTypeAnnotation.ListLogicalTypeAnnotation ? repeated(inner, 0) : object(inner);
        }
        return switch (type.asPrimitiveType().getPrimitiveTypeName()) {
            case BOOLEAN -> new JsonPrimitive(group.getBoolean(field, index));
            case FLOAT -> new JsonPrimitive(group.getFloat(field, index));
            case DOUBLE -> new JsonPrimitive(group.getDouble(field, index));
            case INT32 -> new JsonPrimitive(group.getInteger(field, index));
            case INT64 -> new JsonPrimitive(group.getLong(field, index));
            default -> meaning == null ? new JsonPrimitive(group.getBinary(field, index).length() + " bytes")
                    : new JsonPrimitive(group.getString(field, index));
        };
    }

    /** The elements of a list, whose repeated field wraps each in a group of one field, or does not in old files. */
    private static JsonArray repeated(Group group, int field) {
        JsonArray array = new JsonArray();
        Type type = group.getType().getType(field);
        boolean wrapped = !type.isPrimitive() && type.asGroupType().getFieldCount() == 1;
        for (int i = 0; i < group.getFieldRepetitionCount(field); i++) {
            Group element = wrapped ? group.getGroup(field, i) : group;
            array.add(!wrapped ? value(group, field, i)
                    : element.getFieldRepetitionCount(0) == 0 ? JsonNull.INSTANCE : value(element, 0, 0));
        }
        return array;
    }
}
