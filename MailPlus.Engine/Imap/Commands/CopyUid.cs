using System.Globalization;
using System.Text;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>The COPYUID and APPENDUID codes (RFC 4315 3).</summary>
internal static class CopyUid
{
    public static string Of(CopyOutcome outcome) =>
        string.Create(CultureInfo.InvariantCulture, $"COPYUID {outcome.UidValidity} {Set(outcome.Sources)} {Set(outcome.Targets)}");

    public static string Of(AppendOutcome outcome) => string.Create(CultureInfo.InvariantCulture, $"APPENDUID {outcome.UidValidity} {Set(outcome.Uids)}");

    /// <summary>UIDs in their order, neighbours as ranges: order pairs sources with targets, so nothing is sorted.</summary>
    private static string Set(IReadOnlyList<Uid> uids)
    {
        var text = new StringBuilder();
        for (var i = 0; i < uids.Count;)
        {
            var end = i;
            while (end + 1 < uids.Count && uids[end + 1].Value == uids[end].Value + 1)
            {
                end++;
            }

            text.Append(i == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $"{uids[i].Value}");
            if (end > i)
            {
                text.Append(CultureInfo.InvariantCulture, $":{uids[end].Value}");
            }

            i = end + 1;
        }

        return text.ToString();
    }
}
