namespace MailPlus.Engine.Filtering.Policy;

/// <summary>Patterns in which <c>*</c> stands for any characters. Takes time in proportion to both lengths, whatever the pattern.</summary>
public static class Wildcards
{
    /// <summary>Whether the whole text fits.</summary>
    public static bool Match(string pattern, string text)
    {
        var (p, t, star, mark) = (0, 0, -1, 0);
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, mark) = (p++, t);
            }
            else if (p < pattern.Length && pattern[p] == text[t])
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++mark;
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(p).TrimStart('*').IsEmpty;
    }
}
