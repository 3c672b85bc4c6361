namespace MailPlus.Web.Shared;

/// <summary>The line drawings of the console and the webmail, on a grid of 24 by 24; always beside a word or with a label.</summary>
internal static class IconShapes
{
    private static readonly Dictionary<string, string> Shapes = new(StringComparer.Ordinal)
    {
        ["dashboard"] = """<rect x="3.5" y="3.5" width="7" height="9" rx="1.5"/><rect x="13.5" y="3.5" width="7" height="5" rx="1.5"/><rect x="3.5" y="15.5" width="7" height="5" rx="1.5"/><rect x="13.5" y="11.5" width="7" height="9" rx="1.5"/>""",
        ["queue"] = """<path d="M4 6h16M4 12h16M4 18h9"/><path d="m16.5 16 2 2 3-3.5"/>""",
        ["domain"] = """<circle cx="12" cy="12" r="8.5"/><path d="M3.5 12h17M12 3.5c5 4.8 5 12.2 0 17c-5-4.8-5-12.2 0-17z"/>""",
        ["service"] = """<rect x="3.5" y="4" width="17" height="6.5" rx="1.8"/><rect x="3.5" y="13.5" width="17" height="6.5" rx="1.8"/><path d="M7 7.2h.01M7 16.7h.01M11 7.2h6M11 16.7h6"/>""",
        ["log"] = """<path d="M6 3.5h8.5L19 8v11.5a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1z"/><path d="M14 3.5V8.5h5M8.5 12.5h7M8.5 16h5"/>""",
        ["account"] = """<circle cx="9.5" cy="8" r="3.7"/><path d="M3 19.5c.4-3.7 3-5.7 6.5-5.7s6.1 2 6.5 5.7"/><path d="M15.5 4.7a3.6 3.6 0 0 1 0 6.7M18 14.6c1.8.8 2.8 2.5 3 4.9"/>""",
        ["person"] = """<circle cx="12" cy="8" r="4"/><path d="M4.5 20c.5-4 3.5-6.3 7.5-6.3s7 2.3 7.5 6.3"/>""",
        ["personal"] = """<circle cx="12" cy="12" r="8.5"/><circle cx="12" cy="10" r="2.8"/><path d="M6.6 18.3c1-2.3 2.9-3.5 5.4-3.5s4.4 1.2 5.4 3.5"/>""",
        ["mail"] = """<rect x="3" y="5" width="18" height="14" rx="2.2"/><path d="m3.8 7.2 8.2 6 8.2-6"/>""",
        ["search"] = """<circle cx="10.8" cy="10.8" r="6.3"/><path d="m15.6 15.6 4.9 4.9"/>""",
        ["menu"] = """<path d="M4 7h16M4 12h16M4 17h16"/>""",
        ["close"] = """<path d="m6 6 12 12M18 6 6 18"/>""",
        ["chevron"] = """<path d="m9.5 6 6 6-6 6"/>""",
        ["chevron-down"] = """<path d="m6 9.5 6 6 6-6"/>""",
        ["back"] = """<path d="m14.5 6-6 6 6 6"/>""",
        ["up"] = """<path d="M12 19V5M6 11l6-6 6 6"/>""",
        ["down"] = """<path d="M12 5v14M6 13l6 6 6-6"/>""",
        ["check"] = """<path d="m5 12.5 4.5 4.5L19 7.5"/>""",
        ["add"] = """<path d="M12 5v14M5 12h14"/>""",
        ["edit"] = """<path d="m4 20 1-4.2L16 4.8a1.6 1.6 0 0 1 2.3 0l.9.9a1.6 1.6 0 0 1 0 2.3L8.2 19z"/><path d="m14.5 6.5 3 3"/>""",
        ["delete"] = """<path d="M4.5 7h15M9.5 7V5a1 1 0 0 1 1-1h3a1 1 0 0 1 1 1v2M6.5 7l.8 12a1 1 0 0 0 1 1h7.4a1 1 0 0 0 1-1l.8-12M10.2 11v5.5M13.8 11v5.5"/>""",
        ["retry"] = """<path d="M19.5 12a7.5 7.5 0 1 1-2.3-5.4"/><path d="M19.5 3.5V8H15"/>""",
        ["hold"] = """<circle cx="12" cy="12" r="8.5"/><path d="M9.8 8.5v7M14.2 8.5v7"/>""",
        ["download"] = """<path d="M12 4v11M7 10.5l5 5 5-5M4.5 19.5h15"/>""",
        ["upload"] = """<path d="M12 15.5v-11M7 9l5-5 5 5M4.5 19.5h15"/>""",
        ["copy"] = """<rect x="8.5" y="8.5" width="11" height="11" rx="2"/><path d="M15.5 8.5v-3a1 1 0 0 0-1-1h-9a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1h3"/>""",
        ["language"] = """<path d="M3.5 6h10M8.5 3.8V6M11 6c-.8 3.8-3.3 7-6.8 9M6 9.5c1 2.3 3.2 4.3 5.6 5.3"/><path d="m11.5 20.5 4.3-10 4.3 10M13 17h5.6"/>""",
        ["theme"] = """<circle cx="12" cy="12" r="8.5"/><path d="M12 3.5v17a8.5 8.5 0 0 0 0-17z" fill="currentColor"/>""",
        ["light"] = """<circle cx="12" cy="12" r="4"/><path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4"/>""",
        ["dark"] = """<path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z"/>""",
        ["system"] = """<rect x="3.5" y="4.5" width="17" height="11.5" rx="1.8"/><path d="M9 20h6M12 16v4"/>""",
        ["info"] = """<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5M12 8h.01"/>""",
        ["warning"] = """<path d="M12 4 2.8 19.5h18.4z"/><path d="M12 10v4.5M12 17h.01"/>""",
        ["lock"] = """<rect x="5" y="10.5" width="14" height="9.5" rx="2"/><path d="M8 10.5V8a4 4 0 0 1 8 0v2.5"/>""",
        ["key"] = """<circle cx="8" cy="15" r="4"/><path d="m11 12 8.5-8.5M16 7l2.5 2.5"/>""",
        ["certificate"] = """<rect x="3.5" y="4.5" width="17" height="11" rx="1.8"/><path d="M7 8.5h6M7 11.5h3.5"/><circle cx="16" cy="14" r="2.8"/><path d="m14.5 16.5-.8 4 2.3-1.3 2.3 1.3-.8-4"/>""",
        ["columns"] = """<rect x="3.5" y="4.5" width="17" height="15" rx="1.8"/><path d="M9.2 4.5v15M14.8 4.5v15"/>""",
        ["filter"] = """<path d="M4 6h16M7 12h10M10 18h4"/>""",
        ["sign-out"] = """<path d="M13.5 4.5H6a1 1 0 0 0-1 1v13a1 1 0 0 0 1 1h7.5M10 12h10.5M17 8l4 4-4 4"/>""",
        ["devices"] = """<rect x="3" y="5" width="13" height="9.5" rx="1.5"/><path d="M6 18h6"/><rect x="15.5" y="9.5" width="6" height="10" rx="1.5"/>""",
        ["active"] = """<circle cx="12" cy="12" r="8.5"/><path d="m8.5 12.2 2.5 2.5 4.7-5"/>""",
        ["inactive"] = """<circle cx="12" cy="12" r="8.5"/><path d="m6.2 6.2 11.6 11.6"/>""",
        ["admin"] = """<path d="M12 3.5 19 6v5.5c0 4.3-2.8 7.4-7 9-4.2-1.6-7-4.7-7-9V6z"/><path d="m9 12 2.2 2.2L15.3 10"/>""",
        ["external"] = """<path d="M10.5 5H6a1 1 0 0 0-1 1v12a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1v-4.5M14 4.5h5.5V10M19 5l-8 8"/>""",
    };

    /// <summary>The shapes of a drawing.</summary>
    public static string Of(string name) =>
        Shapes.TryGetValue(name, out var shapes) ? shapes : throw new ArgumentOutOfRangeException(nameof(name), name, "no such icon");
}
