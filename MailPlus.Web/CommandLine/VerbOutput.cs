using System.Collections;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace MailPlus.Web.CommandLine;

/// <summary>Prints the results of verbs for people or for programs.</summary>
internal static class VerbOutput
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static void Print(TextWriter to, IReadOnlyList<object> rows, bool asJson)
    {
        if (asJson)
        {
            to.WriteLine(JsonSerializer.Serialize(rows, Json));
            return;
        }

        if (rows.Count == 0)
        {
            return;
        }

        var columns = rows[0].GetType().GetProperties();
        var lines = new List<string[]> { columns.Select(column => column.Name.ToUpperInvariant()).ToArray() };
        lines.AddRange(rows.Select(row => columns.Select(column => Text(column.GetValue(row))).ToArray()));
        var widths = columns.Select((_, index) => lines.Max(line => line[index].Length)).ToArray();
        foreach (var line in lines)
        {
            to.WriteLine(string.Join("  ", line.Select((text, index) => text.PadRight(widths[index]))).TrimEnd());
        }
    }

    private static string Text(object? value) => value switch
    {
        null => "-",
        string text => text,
        bool flag => flag ? "yes" : "no",
        DateTimeOffset time => time.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        IEnumerable list => string.Join(", ", list.Cast<object?>().Select(Text)),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
