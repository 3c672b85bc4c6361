using System.Globalization;
using System.Text;

namespace MailPlus.Engine.Database;

/// <summary>
/// One text of SQL for two databases. Where they differ, braces hold both: <c>{SQLite|PostgreSQL}</c>. In PostgreSQL all accounts share their tables, so that each
/// key begins with whose row it is, which is parameter <c>$1</c> of every statement that says so; the three commonest cases are short:
/// <c>{=}</c> for <c>account=$1 AND </c>, <c>{,}</c> for <c>account, </c> in a list of columns, <c>{$}</c> for <c>$1, </c> in a list of values, each nothing in SQLite.
/// </summary>
internal static class SqlText
{
    /// <summary>The text for SQLite.</summary>
    public static string ForSqlite(string sql) => sql.Contains('{', StringComparison.Ordinal) ? Choose(sql, second: false) : sql;

    /// <summary>The text for PostgreSQL, with numbered parameters, and whether the first of them is the key.</summary>
    public static (string Text, bool HasKey) ForPostgres(string sql)
    {
        var chosen = Choose(sql, second: true);
        var hasKey = chosen.Contains("$1", StringComparison.Ordinal);
        var text = new StringBuilder(chosen.Length + 32);
        var next = hasKey ? 2 : 1;
        for (var i = 0; i < chosen.Length; i++)
        {
            if (chosen[i] != '?')
            {
                text.Append(chosen[i]);
                continue;
            }

            var end = i + 1;
            while (end < chosen.Length && char.IsAsciiDigit(chosen[end]))
            {
                end++;
            }

            var number = end > i + 1 ? int.Parse(chosen.AsSpan(i + 1, end - i - 1), CultureInfo.InvariantCulture) + (hasKey ? 1 : 0) : next++;
            text.Append('$').Append(number.ToString(CultureInfo.InvariantCulture));
            i = end - 1;
        }

        return (text.ToString(), hasKey);
    }

    private static string Choose(string sql, bool second)
    {
        var text = new StringBuilder(sql.Length + 32);
        for (var i = 0; i < sql.Length; i++)
        {
            if (sql[i] != '{')
            {
                text.Append(sql[i]);
                continue;
            }

            var end = sql.IndexOf('}', i);
            var inner = sql[(i + 1)..end];
            i = end;
            text.Append(inner switch
            {
                "=" => second ? "account=$1 AND " : "",
                "," => second ? "account, " : "",
                "$" => second ? "$1, " : "",
                _ => inner.Split('|') is [var sqlite, var postgres] ? (second ? postgres : sqlite) : throw new FormatException($"Neither one thing nor two: {{{inner}}}"),
            });
        }

        return text.ToString();
    }
}
