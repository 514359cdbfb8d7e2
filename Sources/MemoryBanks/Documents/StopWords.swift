/// Words that hold sentences together and say nothing of what they are about.
///
/// The lists are those of the Snowball stemmers, shortened. A word of one language is another's noun ("die", "son"), so
/// a query's words are compared with the language whose list has most of them.
enum StopWords {
    /// A query's words without the stop words among them.
    static func removed(from words: [String]) -> [String] {
        let counts = lists.map { list in
            (words: list.words, isSure: list.isSure, count: words.reduce(0) { $0 + (list.words.contains($1) ? 1 : 0) })
        }
        guard let best = counts.max(by: { $0.count < $1.count }), best.count > 0 else { return words }
        // A single word may be another language's own.
        guard best.count > 1 || best.isSure else { return words }
        return words.filter { !best.words.contains($0) }
    }

    /// English first: it wins a draw. Of a list that is not sure, two words are wanted.
    private static let lists: [(words: Set<String>, isSure: Bool)] = [
        (english, true), (german, false), (french, false), (spanish, false), (italian, false), (portuguese, false),
        (dutch, false), (russian, true), (chinese, true), (japanese, true),
    ].map { (words, isSure) in
        // Folded as the words of queries are.
        (Set(words.split { $0 == " " || $0 == "\n" }.map { String(Spelling.folded(String($0))) }), isSure)
    }

    private static let english = """
        i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her
        hers herself it its itself they them their theirs themselves what which who whom this that these those
        am is are was were be been being have has had having do does did doing would should could ought a an
        the and but if or because as until while of at by for with about against between into through during
        before after above below to from up down in out on off over under again further then once here there
        when where why how all any both each few more most other some such no nor not only own same so than
        too very can will just don doesn didn isn aren wasn weren hasn haven hadn wouldn shouldn couldn ll ve
        re s t now
        """
    private static let german = """
        aber alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes auch auf
        aus bei bin bis bist da damit dann das dass daß dein deine dem den der des desselben dich die dies
        diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines er es etwas
        euch für gegen gewesen hab habe haben hat hatte hatten hier hin hinter ich ihm ihn ihnen ihr ihre
        ihrem ihren ihrer im in indem ins ist ja jede jedem jeden jeder jedes jene jenem jenen jener kann kein
        keine können könnte mache man manche mein meine meinem meinen meiner mich mir mit muss nach nicht
        nichts noch nun nur ob oder ohne sehr sein seine seinem seinen seiner sich sie sind so solche soll
        sollte sondern sonst über um und uns unser unter viel vom von vor war waren warum was weil welche
        welchem welchen welcher welches wenn wer werde werden wie wieder will wir wird wo wollen würde zu zum
        zur zwar zwischen
        """
    private static let french = """
        au aux avec ce ces cet cette dans de des du elle elles en et eux il ils je la le les leur leurs lui ma
        mais me même mes moi mon ne nos notre nous on ou où par pas pour qu que qui quoi quel quelle quels
        quelles sa se ses son sur ta te tes toi ton tu un une vos votre vous c d j l à m n s t y est es suis
        sont été être était étaient ai as a avons avez ont avait avoir comment pourquoi quand si plus est-ce
        ceci cela ça fait faire peut
        """
    private static let spanish = """
        de la que el en y a los del se las por un para con no una su al lo como más pero sus le ya o este sí
        porque esta entre cuando muy sin sobre también me hasta hay donde dónde quien quién desde todo nos
        durante todos uno les ni contra otros ese eso ante ellos e esto mí antes algunos qué unos yo otro
        otras otra él tanto esa estos mucho cómo cuál cuáles es son fue era ser está están ha han he tiene
        puede mi tu
        """
    private static let italian = """
        ad al allo ai agli all alla alle con col da dal dallo dai dagli dall dalla dalle di del dello dei
        degli dell della delle in nel nello nei negli nell nella nelle su sul sullo sui sugli sull sulla sulle
        per tra contro io tu lui lei noi voi loro mio mia tuo sua suo che chi cui non come dove qual quale
        quali quando perché più se e ed ma o a c d l un uno una lo la i gli le il è sono era essere ha hanno
        ho si mi ti ci vi questo questa quello quella cosa
        """
    private static let portuguese = """
        de a o que e do da em um para com não uma os no se na por mais as dos como mas ao ele das à seu sua ou
        quando muito nos já eu também só pelo pela até isso ela entre depois sem mesmo aos seus quem nas me
        esse eles você essa num nem suas meu às minha numa pelos elas qual lhe deles essas esses pelas este
        fosse dele é são foi era ser está há têm tem pode onde porque
        """
    private static let dutch = """
        de en van ik te dat die in een hij het niet zijn is was op aan met als voor had er maar om hem dan zou
        of wat mijn men dit zo door over ze zich bij ook tot je mij uit der daar haar naar heb hoe heeft
        hebben deze u want nog zal me zij nu ge geen omdat iets worden toch al waren veel meer doen toen moet
        ben zonder kan hun dus alles onder ja werd wie waar waarom wordt kunnen ons
        """
    private static let russian = """
        и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее мне было вот
        от меня еще нет о из ему теперь когда даже ну ли если уже или ни быть был него до вас вам ведь там
        потом себя ничего ей может они тут где есть надо ней для мы тебя их чем была сам чтоб без чего раз
        тоже себе под будет кто этот того потому этого какой этом мой тем чтобы нее при об это почему
        """
    /// As a dictionary cuts them.
    private static let chinese = """
        的 了 是 在 和 我 我的 你 你的 他 她 它 我们 你们 他们 也 就 都 很 吗 呢 吧 啊 与 及 或 而 但 这 那 这个 那个 什么 怎么 哪里 如何 为什么 一个 有 不 上 在哪 怎样
        请问
        """
    private static let japanese = """
        の は が を に で と も へ や か から まで より です ます した する して いる ある この その あの これ それ あれ どの どう 何 どこ いつ なぜ し た て な ない
        """
}
